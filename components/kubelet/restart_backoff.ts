/** Bounds of the delay between restarts, in milliseconds. */
export interface RestartBackoffPolicy {
  readonly initialMilliseconds: number;
  readonly maximumMilliseconds: number;
}

export const CRASH_LOOP: RestartBackoffPolicy = {
  initialMilliseconds: 10_000,
  maximumMilliseconds: 300_000,
};
export const IMAGE_PULL: RestartBackoffPolicy = CRASH_LOOP;

interface Entry {
  readonly delay: number;
  readonly at: number;
}

/**
 * Delays between tries, by key: doubling from one try to the next, and forgotten once twice the longest delay has
 * passed without trouble. Unlike a failure count, the delay is measured from an event (a container's end).
 */
export class RestartBackoff {
  readonly #policy: RestartBackoffPolicy;
  readonly #entries = new Map<string, Entry>();

  constructor(policy: RestartBackoffPolicy) {
    this.#policy = policy;
  }

  /** The whole current delay of a key, in milliseconds; 0 when it has none. */
  delay(key: string): number {
    return this.#entries.get(key)?.delay ?? 0;
  }

  /** Milliseconds until a try is allowed, given when the last one ended. */
  remaining(key: string, eventAt: number, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, eventAt)) return 0;
    return Math.max(0, eventAt + entry.delay - now);
  }

  /** Records a try: the next one waits longer. */
  next(key: string, eventAt: number, now: number): void {
    const entry = this.#entries.get(key);
    const delay = entry === undefined || this.#expired(entry, eventAt)
      ? this.#policy.initialMilliseconds
      : Math.min(entry.delay * 2, this.#policy.maximumMilliseconds);
    this.#entries.set(key, { delay, at: now });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  #expired(entry: Entry, eventAt: number): boolean {
    return eventAt - entry.at > 2 * this.#policy.maximumMilliseconds;
  }
}

/** `10s`, `1m20s`, `5m0s`: a duration as Go prints whole seconds. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
