import { ApiError, type Clock } from "../../base/mod.ts";
import type { Event } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";

export const LIMIT_TYPES = ["Server", "Namespace", "User", "SourceAndObject"] as const;

/** How many events of each key are taken: `qps` a second for long, `burst` at once. */
export interface EventLimit {
  readonly type: typeof LIMIT_TYPES[number];
  readonly qps: number;
  readonly burst: number;
  /** Keys that are remembered; those that were quiet the longest are forgotten. */
  readonly cacheSize: number;
}

export const DEFAULT_CACHE_KEYS = 4096;

interface Bucket {
  tokens: number;
  at: number;
}

/** Refuses events that come too fast, for all together, by namespace, by who sends them, or by what they are about. */
export class EventRateLimit implements AdmissionPlugin {
  readonly name = "EventRateLimit";
  readonly #clock: Clock;
  readonly #limits: readonly {
    readonly limit: EventLimit;
    readonly buckets: Map<string, Bucket>;
  }[];

  constructor(clock: Clock, limits: readonly EventLimit[]) {
    this.#clock = clock;
    this.#limits = limits.map((limit) => ({ limit, buckets: new Map() }));
  }

  handles({ operation, definition }: AdmissionRequest): boolean {
    return (operation === "CREATE" || operation === "UPDATE") && definition.kind === "Event";
  }

  validate(request: AdmissionRequest): void {
    let refusal: ApiError | undefined;
    for (const { limit, buckets } of this.#limits) {
      const key = keyOf(limit, request);
      if (take(limit, buckets, key, this.#clock.monotonic())) continue;
      refusal = new ApiError(
        429,
        "TooManyRequests",
        `limit reached on type ${limit.type} for key ${key}`,
      );
    }
    if (refusal !== undefined) throw refusal;
  }
}

function take(
  { qps, burst, cacheSize }: EventLimit,
  buckets: Map<string, Bucket>,
  key: string,
  now: number,
): boolean {
  const bucket = buckets.get(key) ?? { tokens: burst, at: now };
  bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / 1000 * qps);
  bucket.at = now;
  // The map's order is that of last use.
  buckets.delete(key);
  buckets.set(key, bucket);
  if (buckets.size > cacheSize) {
    for (const oldest of buckets.keys()) {
      buckets.delete(oldest);
      break;
    }
  }
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

function keyOf({ type }: EventLimit, { namespace, user, object }: AdmissionRequest): string {
  switch (type) {
    case "Server":
      return "";
    case "Namespace":
      return namespace;
    case "User":
      return user.username;
    case "SourceAndObject": {
      const { source, involvedObject: about } = object as Event;
      return [
        source?.component,
        source?.host,
        about?.kind,
        about?.namespace,
        about?.name,
        about?.uid,
        about?.apiVersion,
      ].join("");
    }
  }
}
