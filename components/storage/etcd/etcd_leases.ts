import type { Clock } from "../../base/mod.ts";

/** For how long keys are put on one lease, and how many: as kube-apiserver has it. */
const REUSE_MAXIMUM_SECONDS = 60;
const REUSE_SHARE_OF_TIME = 0.05;
const KEYS_A_LEASE_MAXIMUM = 1000;

interface Lease {
  readonly id: bigint;
  /** When it ends, by the clock that never goes backwards. */
  readonly endsAt: number;
  keys: number;
}

/**
 * Leases for keys that are to end: keys with about the same end share one, so that many events do not mean as many
 * leases. None ends before its time; each at most `REUSE_MAXIMUM_SECONDS` or a twentieth of its time later.
 */
export class EtcdLeases {
  readonly #last = new Map<number, Promise<Lease>>();

  constructor(readonly clock: Clock, readonly grant: (seconds: number) => Promise<bigint>) {}

  /** A lease that ends in `seconds`, or a little later. */
  async get(seconds: number): Promise<bigint> {
    const now = this.clock.monotonic();
    const last = await this.#last.get(seconds)?.catch(() => undefined);
    if (
      last !== undefined && last.keys < KEYS_A_LEASE_MAXIMUM && last.endsAt >= now + seconds * 1000
    ) {
      last.keys++;
      return last.id;
    }
    // Somebody who waited for the same may have been first.
    const current = this.#last.get(seconds);
    if (current !== undefined && await current.catch(() => undefined) !== last) {
      return await this.get(seconds);
    }
    const granted = this.#grant(seconds, now);
    this.#last.set(seconds, granted);
    const lease = await granted;
    lease.keys++;
    return lease.id;
  }

  /** The lease is gone: another is taken the next time. */
  forget(seconds: number): void {
    this.#last.delete(seconds);
  }

  async #grant(seconds: number, now: number): Promise<Lease> {
    const reuse = Math.min(REUSE_MAXIMUM_SECONDS, Math.floor(seconds * REUSE_SHARE_OF_TIME));
    const id = await this.grant(seconds + reuse);
    return { id, endsAt: now + (seconds + reuse) * 1000, keys: 0 };
  }
}
