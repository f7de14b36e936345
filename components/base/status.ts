/** One cause inside a `Status`: which rule, at which field. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** What a `Status` says beside its message. `kind` is the resource's plural for most reasons, as upstream. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** meta/v1 Status: the body of every error of the API and of some successes. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { continue?: string; remainingItemCount?: number; resourceVersion?: string };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}
