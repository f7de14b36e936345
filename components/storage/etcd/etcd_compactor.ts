import type { Clock, Logger, Timer } from "../../base/mod.ts";
import type { EtcdClient } from "./etcd_client.ts";

/** As kube-apiserver's `--etcd-compaction-interval`. */
export const COMPACTION_INTERVAL_SECONDS = 300;
/** Revisions kept at most, however young: etcd stops at the quota of its disk, not at five minutes. */
export const HISTORY_EVENTS_MAXIMUM = 250_000;

/** Where all who compact one etcd, kube-apiservers too, agree on whose turn it is. */
const TURN_KEY = new TextEncoder().encode("compact_rev_key");

export interface EtcdHistoryLimits {
  /** History is kept for one to two times as long; 0: others see to it. */
  readonly seconds: number;
  readonly events: number;
}

export interface EtcdCompactorOptions {
  readonly client: EtcdClient;
  readonly limits: EtcdHistoryLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly compact: (revision: number) => Promise<void>;
}

/**
 * Has etcd forget old revisions, each round by one of the servers: whoever first writes the turn's key, whose version
 * counts the rounds. What that one compacts is where the store stood in the round before.
 */
export class EtcdCompactor {
  readonly #options: EtcdCompactorOptions;
  #round = 0;
  /** Where etcd stood in the last round; 0 as long as none is known. */
  #revision = 0;
  #timer: Timer | undefined;
  #compacting = false;
  #closed = false;

  constructor(options: EtcdCompactorOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Holds the bound by count; cheap, called with every batch of events. */
  check(revision: number, compacted: number): void {
    const { limits, compact, logger } = this.#options;
    // A tenth at a time, so that compaction is not a matter of every write.
    if (revision - compacted <= limits.events * 1.1 || this.#compacting) return;
    this.#compacting = true;
    compact(revision - limits.events)
      .catch((error) => logger.warn("etcd was not compacted", { error }))
      .finally(() => this.#compacting = false);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, limits } = this.#options;
    if (limits.seconds === 0 || this.#closed) return;
    this.#timer = clock.after(limits.seconds * 1000, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    const { client, compact, logger } = this.#options;
    try {
      const { succeeded, revision, current } = await client.txn({
        key: TURN_KEY,
        compare: { target: "version", value: this.#round },
        success: { op: "put", value: new TextEncoder().encode(String(this.#revision)) },
      });
      const before = this.#revision;
      this.#revision = revision;
      this.#round = succeeded ? this.#round + 1 : current?.version ?? 0;
      if (succeeded && before > 0) {
        await compact(before);
        logger.info("etcd compacted", { revision: before });
      }
    } catch (error) {
      logger.warn("etcd was not compacted", { error });
    }
    this.#schedule();
  }
}
