const RETRY_AFTER_MAXIMUM_SECONDS = 32;

/**
 * How long clients of a level shall wait that had to be turned away: doubled while many are, shortened by a second at a
 * time when there are few.
 */
export class DroppedRequests {
  /** Requests by the second in which they were dropped; the current one last. At most as many as the wait is long. */
  #history: { readonly second: number; count: number }[] = [];
  #changed = 0;
  #retryAfter = 1;

  get retryAfterSeconds(): number {
    return this.#retryAfter;
  }

  /** `now` in milliseconds. */
  add(now: number): void {
    const second = Math.floor(now / 1000);
    const last = this.#history.at(-1);
    if (last?.second === second) {
      last.count++;
      return;
    }
    this.#adjust(second);
    this.#history = this.#history.filter((each) =>
      second - each.second <= RETRY_AFTER_MAXIMUM_SECONDS
    );
    this.#history.push({ second, count: 1 });
  }

  #adjust(second: number): void {
    const wait = this.#retryAfter;
    let dropped = 0;
    for (const each of this.#history) if (second - each.second <= wait) dropped += each.count;
    if (dropped >= 3 * wait && second - this.#changed >= wait) {
      this.#retryAfter = Math.min(2 * wait, RETRY_AFTER_MAXIMUM_SECONDS);
      this.#changed = second;
    } else if (dropped < wait && wait > 1) {
      this.#retryAfter--;
    }
  }
}
