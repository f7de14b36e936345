/** What a plugin says, by upstream's names. */
export type VerdictCode =
  | "Success"
  /** PreFilter and PreScore: nothing to say of this pod; Bind: another plugin may. */
  | "Skip"
  /** Permit: the pod waits until it is allowed or rejected. */
  | "Wait"
  /** The pod waits for something that the plugin itself has set going; tried again at once when that comes. */
  | "Pending"
  /** Removing pods from the node might help. */
  | "Unschedulable"
  /** Removing pods does not help. */
  | "UnschedulableAndUnresolvable"
  /** The plugin failed: the attempt is an error, and says nothing about nodes. */
  | "Error";

export interface Verdict {
  readonly code: VerdictCode;
  readonly reasons: readonly string[];
  /** `Unschedulable` of Filter: uids of the pods whose leaving, all of them, lets the pod onto the node. */
  readonly holders?: readonly string[];
}

export const SUCCESS: Verdict = { code: "Success", reasons: [] };
export const SKIP: Verdict = { code: "Skip", reasons: [] };

export function unschedulable(...reasons: string[]): Verdict {
  return { code: "Unschedulable", reasons };
}

export function unresolvable(...reasons: string[]): Verdict {
  return { code: "UnschedulableAndUnresolvable", reasons };
}

export function pending(...reasons: string[]): Verdict {
  return { code: "Pending", reasons };
}

export function failure(...reasons: string[]): Verdict {
  return { code: "Error", reasons };
}

/** Whether the verdict refuses the pod for what the cluster is, not for a failure. */
export function isRejected({ code }: Verdict): boolean {
  return code === "Unschedulable" || code === "UnschedulableAndUnresolvable" || code === "Pending";
}
