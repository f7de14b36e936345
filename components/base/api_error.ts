import type { Status, StatusCause, StatusDetails } from "./status.ts";

/** `pods`, `deployments.apps`: a resource as error messages name it. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** `plural` for the core group, else `plural.group`. */
export function qualified(resource: GroupResource): string {
  return resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** An operating error with Kubernetes' code, reason and message; becomes a `Status` at the edge. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: StatusDetails,
    /** Members for `Status.metadata`, such as the continue token of an expired list. */
    readonly listMeta?: Status["metadata"],
  ) {
    super(message);
  }

  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.listMeta ?? {},
      status: "Failure",
      message: this.message,
      ...(this.reason === "" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  /** Reads a `Status` that another server sent. */
  static fromStatus(status: Status): ApiError {
    return new ApiError(
      status.code ?? 500,
      status.reason ?? "",
      status.message ?? "",
      status.details,
      status.metadata,
    );
  }
}

/** True when `error` is an `ApiError` of the given reason. */
export function hasReason(error: unknown, reason: string): error is ApiError {
  return error instanceof ApiError && error.reason === reason;
}

const named = (resource: GroupResource, name: string): StatusDetails => ({
  ...(name === "" ? {} : { name }),
  ...(resource.group === "" ? {} : { group: resource.group }),
  kind: resource.resource,
});

export const badRequest = (message: string): ApiError => new ApiError(400, "BadRequest", message);

export const unauthorized = (message = "Unauthorized"): ApiError =>
  new ApiError(401, "Unauthorized", message);

/** `pods "x" is forbidden: why`, or `pods is forbidden: why` without a name. */
export function forbidden(
  resource: GroupResource,
  name: string,
  why: string,
  causes?: StatusCause[],
): ApiError {
  const subject = name === "" ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new ApiError(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    ...named(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

export const notFound = (resource: GroupResource, name: string): ApiError =>
  new ApiError(
    404,
    "NotFound",
    `${qualified(resource)} "${name}" not found`,
    named(resource, name),
  );

/** An address that leads to no resource. */
export const noSuchResource = (): ApiError =>
  new ApiError(404, "NotFound", "the server could not find the requested resource", {});

export const methodNotAllowed = (resource: GroupResource, verb: string): ApiError =>
  new ApiError(
    405,
    "MethodNotAllowed",
    `${verb} is not supported on resources of kind "${qualified(resource)}"`,
    named(resource, ""),
  );

export const alreadyExists = (resource: GroupResource, name: string): ApiError =>
  new ApiError(
    409,
    "AlreadyExists",
    `${qualified(resource)} "${name}" already exists`,
    named(resource, name),
  );

/** `Operation cannot be fulfilled on pods "x": why`. */
export const conflict = (resource: GroupResource, name: string, why: string): ApiError =>
  new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    named(resource, name),
  );

/** The text upstream gives when a write names an old resourceVersion. */
export const OBJECT_MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/** 422: `Pod "x" is invalid: <causes>`; several causes read `[a, b]`. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly StatusCause[],
): ApiError {
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const subject = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new ApiError(422, "Invalid", `${subject} "${name}" is invalid: ${text}`, {
    ...(name === "" ? {} : { name }),
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: [...causes],
  });
}

/** 410 for a list or continue token older than the kept history. */
export const expired = (message: string, listMeta?: Status["metadata"]): ApiError =>
  new ApiError(410, "Expired", message, undefined, listMeta);

export const tooManyRequests = (message: string, retryAfterSeconds: number): ApiError =>
  new ApiError(429, "TooManyRequests", message, { retryAfterSeconds });

export const requestEntityTooLarge = (limitBytes: number): ApiError =>
  new ApiError(
    413,
    "RequestEntityTooLarge",
    `Request entity too large: limit is ${limitBytes}`,
  );

export const internalError = (message: string): ApiError =>
  new ApiError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });

export const notImplemented = (what: string): ApiError =>
  new ApiError(501, "NotImplemented", `${what} is not implemented`);

export const serviceUnavailable = (message: string): ApiError =>
  new ApiError(503, "ServiceUnavailable", message);

export const timedOut = (message: string, retryAfterSeconds?: number): ApiError =>
  new ApiError(
    504,
    "Timeout",
    `Timeout: ${message}`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
