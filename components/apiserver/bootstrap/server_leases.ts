import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import type { Endpoints } from "../../api/served.ts";
import { KeyExistsError, RevisionMismatchError, type Store } from "../../storage/mod.ts";

/** Where kube-apiservers keep who of them lives, and how long they are believed to after the last word. */
const PREFIX = "/registry/masterleases/";
const LEASE_SECONDS = 15;
const INTERVAL_MILLISECONDS = 10_000;
const ATTEMPTS_MAXIMUM = 5;
/** A server that ends does not wait longer for a store that does not answer. */
const LEAVE_MILLISECONDS = 2_000;

export interface ServerLeasesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where this server is reached. */
  readonly addresses: readonly string[];
  /** Makes `kubernetes.default` lead to these addresses. */
  readonly reconcile: (addresses: readonly string[]) => Promise<void>;
}

/**
 * The API servers that share a store, each with a key that ends when its server is not heard of any more: so that
 * `kubernetes.default` leads to those that live.
 */
export class ServerLeases {
  readonly #options: ServerLeasesOptions;
  readonly #abort = new AbortController();

  constructor(options: ServerLeasesOptions) {
    this.#options = options;
  }

  /** Says that this server lives; answers the addresses of all that do, in order. */
  async renew(): Promise<string[]> {
    await Promise.all(this.#options.addresses.map((address) => this.#write(address)));
    return await this.#list();
  }

  /** Goes on saying so; the result ends it. */
  start(): () => void {
    void this.#run();
    return () => this.#abort.abort(new Error("the server ends"));
  }

  /** Takes this server out at once. Never rejects. */
  async leave(): Promise<void> {
    this.#abort.abort(new Error("the server leaves"));
    const { addresses, clock, logger, reconcile } = this.#options;
    const left = new AbortController();
    const leaving = (async () => {
      await Promise.all(addresses.map((address) => this.#remove(address)));
      const others = await this.#list();
      // The last one stays: nobody would be there to put another in its place.
      if (others.length > 0) await reconcile(others);
    })().catch((error) => logger.warn("the server's address was not taken back", { error }));
    const late = sleep(clock, LEAVE_MILLISECONDS, left.signal).catch(() => {});
    await Promise.race([leaving, late]);
    left.abort();
  }

  async #run(): Promise<void> {
    const { clock, logger, reconcile } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const addresses = await this.renew();
        if (!signal.aborted) await reconcile(addresses);
      } catch (error) {
        if (!signal.aborted) logger.warn("the server's lease was not renewed", { error });
      }
      await sleep(clock, INTERVAL_MILLISECONDS, signal).catch(() => {});
    }
  }

  async #write(address: string): Promise<void> {
    const { store } = this.#options;
    const key = PREFIX + address;
    for (let attempt = 1;; attempt++) {
      const entry = await store.get(key);
      const value = encode(address);
      const timeToLiveSeconds = LEASE_SECONDS;
      try {
        await store.write(
          entry === undefined
            ? { op: "create", key, value, timeToLiveSeconds }
            : { op: "update", key, value, timeToLiveSeconds, revision: entry.revision },
        );
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS_MAXIMUM) throw error;
      }
    }
  }

  async #remove(address: string): Promise<void> {
    const { store } = this.#options;
    const entry = await store.get(PREFIX + address);
    if (entry === undefined) return;
    await store.write({ op: "delete", key: entry.key, revision: entry.revision }).catch((error) => {
      if (!isConflict(error)) throw error;
    });
  }

  async #list(): Promise<string[]> {
    const { entries } = await this.#options.store.list(PREFIX);
    return entries.map(({ key }) => key.slice(PREFIX.length)).sort();
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof RevisionMismatchError || error instanceof KeyExistsError;

/** As kube-apiserver writes it. */
function encode(address: string): Uint8Array {
  const endpoints: Endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {},
    subsets: [{ addresses: [{ ip: address }] }],
  };
  return new TextEncoder().encode(JSON.stringify(endpoints));
}
