import type { Clock, Logger, MetricRegistry, Random } from "../../base/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { StoredPlaces } from "../stored_places.ts";
import { EncryptedStore } from "./encrypted_store.ts";
import { Encryption } from "./encryption.ts";
import { readEncryptionConfig } from "./encryption_config.ts";
import { reloadEncryption } from "./reload.ts";

export interface EncryptionOptions {
  /** The configuration's text. */
  readonly text: string;
  /** Reads it again; absent where a change is for the next start. */
  readonly read?: () => Promise<string>;
}

/** A store as the server sees it. */
export interface OpenedStore {
  readonly store: Store;
  /** True for a key whose value should be written anew, even though nothing in it changes. */
  readonly isStale?: (key: string) => boolean;
  /** Rejects while a key service is not well; absent where there is none. */
  readonly check?: () => Promise<void>;
  close(): void;
}

/** The store with what lies in it encrypted; itself where nothing is configured. Throws for a wrong configuration. */
export function openEncryption(
  options: EncryptionOptions | undefined,
  inner: Store,
  places: StoredPlaces,
  services: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly metrics: MetricRegistry;
  },
): OpenedStore {
  if (options === undefined) return { store: inner, close() {} };
  const { text, read } = options;
  const encryption = new Encryption(readEncryptionConfig(text), services);
  const { clock, metrics } = services;
  const store = new EncryptedStore(
    inner,
    encryption,
    (key) => places.nameOf(key),
    metrics,
    () => clock.monotonic(),
  );
  const end = read === undefined ? () => {} : reloadEncryption({ store, read, text, ...services });
  return {
    store,
    isStale: (key) => store.isStale(key),
    ...(encryption.hasKms || read !== undefined ? { check: () => store.encryption.check() } : {}),
    close() {
      end();
      store.encryption.close();
    },
  };
}
