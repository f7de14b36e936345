/** Something scheduled that can be called off. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as an argument. Only `systemClock` and tests' fakes read or wait for real time. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds that never go backwards; the origin means nothing. */
  monotonic(): number;
  /** Runs `callback` once after `delayMilliseconds`; never before the caller's turn ends. */
  after(delayMilliseconds: number, callback: () => void): Timer;
}

/** The machine's clock. Its timers do not keep a process alive that has nothing else to do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMilliseconds, callback) {
    const id = setTimeout(callback, Math.min(Math.max(0, delayMilliseconds), 0x7fffffff));
    return { cancel: () => clearTimeout(id) };
  },
};

/** Resolves after the delay, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(milliseconds, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes `metav1.Time`. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19) + "Z";
}

/** RFC 3339 in UTC with six digits, as Kubernetes writes `metav1.MicroTime`. */
export function microTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 23) + "000Z";
}
