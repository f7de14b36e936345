interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Promises that resolve once a rising revision has reached theirs. */
export class RevisionWaiters {
  #waiting = new Set<Waiter>();
  /** No waiter waits for less. */
  #lowest = Number.POSITIVE_INFINITY;
  #closed: Error | undefined;

  /** Rejects with the signal's reason when that aborts, or with what `close` is given. */
  wait(revision: number, signal?: AbortSignal): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
      };
      const settle = () => signal?.removeEventListener("abort", onAbort);
      const waiter: Waiter = {
        revision,
        resolve: () => (settle(), resolve()),
        reject: (reason) => (settle(), reject(reason)),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#lowest = Math.min(this.#lowest, revision);
    });
  }

  settle(revision: number): void {
    if (revision < this.#lowest) return;
    let lowest = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiting) {
      if (waiter.revision <= revision) {
        this.#waiting.delete(waiter);
        waiter.resolve();
      } else {
        lowest = Math.min(lowest, waiter.revision);
      }
    }
    this.#lowest = lowest;
  }

  close(error: Error): void {
    this.#closed = error;
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }
}
