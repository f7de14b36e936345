import type { RequestInfo, UserInfo } from "../ports.ts";

/** A place that a request was given, or was not. */
export interface Place {
  /** Seconds after which to come again, for one that is turned away. */
  readonly retryAfterSeconds: number | undefined;
  /** What the answer's headers say of how the request was classified. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Gives the place back; a second call does nothing. */
  leave(): void;
}

/** Keeps the number of requests that are answered at once within bounds. */
export interface Gate {
  /** Answers at once where nothing waits. A promise never rejects: who waits in vain is turned away. */
  enter(
    info: RequestInfo,
    user: UserInfo,
    query: URLSearchParams,
    request: Request,
  ): Place | Promise<Place>;
}

const NO_PLACE_NEEDED: Place = { retryAfterSeconds: undefined, leave() {} };
/** For requests that take no place: those that last. */
export const unlimited = (): Place => NO_PLACE_NEEDED;

const READ_ONLY_VERBS = new Set(["get", "list", "watch", "head", "options"]);

/** Which of the two kinds of requests the metrics tell apart. */
export const requestKind = ({ verb }: RequestInfo): "readOnly" | "mutating" =>
  READ_ONLY_VERBS.has(verb) ? "readOnly" : "mutating";

/** What a request gets for which there is no place. */
export function tooManyRequests(retryAfterSeconds: number): Response {
  return new Response("Too many requests, please try again later.\n", {
    status: 429,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, private",
      "retry-after": String(retryAfterSeconds),
    },
  });
}
