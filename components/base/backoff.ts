/** Exponential back-off a key: `initial · factor^(failures-1)`, at most `maximum`, all in milliseconds. */
export interface BackoffPolicy {
  readonly initialMilliseconds: number;
  readonly maximumMilliseconds: number;
  readonly factor?: number;
}

/** The delay after the n-th failure in a row (n from 1). Pure. */
export function backoffDelay(policy: BackoffPolicy, failures: number): number {
  if (failures <= 0) return 0;
  const factor = policy.factor ?? 2;
  const delay = policy.initialMilliseconds * Math.pow(factor, Math.min(failures - 1, 60));
  return Math.min(delay, policy.maximumMilliseconds);
}

/** Counts failures by key; forget a key on success so that memory stays bounded by failing keys. */
export class Backoff {
  readonly #policy: BackoffPolicy;
  readonly #failures = new Map<string, number>();

  constructor(policy: BackoffPolicy) {
    this.#policy = policy;
  }

  /** Records a failure and answers how long to wait before the next try, in milliseconds. */
  fail(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return backoffDelay(this.#policy, failures);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}
