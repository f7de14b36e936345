/** Back-off ends at the beginning of a window of this length, so that who leaves together is sorted by priority. */
export const WINDOW_MILLISECONDS = 1_000;

export interface BackoffLimits {
  readonly initialMilliseconds: number;
  readonly maximumMilliseconds: number;
}

/** Upstream's numbers: 1 s doubling to 10 s. */
export const DEFAULT_BACKOFF: BackoffLimits = {
  initialMilliseconds: 1_000,
  maximumMilliseconds: 10_000,
};

/** The begin of the window in which an instant lies. Pure. */
export function windowOf(milliseconds: number): number {
  return Math.floor(milliseconds / WINDOW_MILLISECONDS) * WINDOW_MILLISECONDS;
}

/**
 * When a pod may be tried again that came back at `now`: errors in a row count by themselves, else attempts that found
 * no node. Pure.
 */
export function backoffEnd(
  limits: BackoffLimits,
  now: number,
  refusals: number,
  errors: number,
): number {
  const count = errors > 0 ? errors : refusals;
  if (count === 0) return now;
  const { initialMilliseconds, maximumMilliseconds } = limits;
  const duration = Math.min(
    initialMilliseconds * 2 ** Math.min(count - 1, 60),
    maximumMilliseconds,
  );
  return windowOf(now + duration);
}
