import { StoreFailedError } from "../store.ts";

/** gRPC's codes, as far as they are told apart. */
export const CODES = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
} as const;

/** Codes that etcd answers with before it has done anything. With any other code nobody knows. */
const DECIDED: ReadonlySet<number> = new Set([
  CODES.invalidArgument,
  CODES.notFound,
  CODES.resourceExhausted,
  CODES.outOfRange,
  // Already exists, permission denied, failed precondition, unimplemented, unauthenticated.
  6,
  7,
  9,
  12,
  16,
]);

/**
 * What certainly was not done: a member that knows of no leader does not pass a call on, and a call that found no
 * connection was never sent.
 */
const NOT_TAKEN = ["etcdserver: no leader", "No connection established"];

/** A call that etcd refused, or that did not come to an end. */
export class EtcdError extends StoreFailedError {
  constructor(
    /** One of gRPC's codes. */
    readonly code: number,
    /** What etcd, or the way to it, says. */
    readonly details: string,
    /** True where the call certainly changed nothing. */
    readonly undone: boolean = DECIDED.has(code) ||
      NOT_TAKEN.some((words) => details.startsWith(words)),
  ) {
    super(details);
  }

  override get unknown(): boolean {
    return !this.undone;
  }

  override get timedOut(): boolean {
    return this.code === CODES.deadlineExceeded || this.details.includes("request timed out");
  }

  get compacted(): boolean {
    return this.code === CODES.outOfRange && this.details.includes("compacted");
  }

  get tooLarge(): boolean {
    return this.details.includes("request is too large") ||
      this.code === CODES.resourceExhausted && this.details.includes("larger than max");
  }

  get leaseNotFound(): boolean {
    return this.code === CODES.notFound && this.details.includes("lease not found");
  }

  /** Another member, or the same one a moment later, may well answer. */
  get passing(): boolean {
    // The latter: what went down with a connection.
    return this.code === CODES.unavailable ||
      this.code === CODES.internal && this.details.includes("RST_STREAM");
  }
}
