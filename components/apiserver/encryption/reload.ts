import type { Clock, Logger, MetricRegistry, Random, Timer } from "../../base/mod.ts";
import type { EncryptedStore } from "./encrypted_store.ts";
import { Encryption } from "./encryption.ts";
import { readEncryptionConfig } from "./encryption_config.ts";

/** How often the file is looked at. */
const LOOK_MILLISECONDS = 60_000;

export interface ReloadOptions {
  readonly store: EncryptedStore;
  /** The file as it is now. */
  readonly read: () => Promise<string>;
  /** What holds now. */
  readonly text: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
}

/**
 * Takes a changed configuration into use without a restart; one that is wrong, or whose key service does not answer,
 * changes nothing, and is said to be. The result ends it.
 */
export function reloadEncryption(options: ReloadOptions): () => void {
  const { clock, logger, metrics, read, store } = options;
  const reloads = metrics.counter(
    "apiserver_encryption_config_controller_automatic_reloads_total",
    "[ALPHA] Total number of reload successes and failures of encryption configuration split by apiserver identity.",
    ["status", "apiserver_id_hash"],
  );
  let known = options.text;
  let timer: Timer | undefined;
  let ended = false;

  async function look(): Promise<void> {
    let opened: Encryption | undefined;
    try {
      const text = await read();
      if (text === known) return;
      opened = new Encryption(readEncryptionConfig(text), options);
      await opened.check();
      if (ended) return opened.close();
      store.use(opened);
      known = text;
      reloads.add(1, "success", "");
      logger.info("the encryption configuration has changed");
    } catch (error) {
      opened?.close();
      reloads.add(1, "failure", "");
      logger.error("the changed encryption configuration is not used", { error });
    }
  }

  function lookLater(): void {
    timer = clock.after(LOOK_MILLISECONDS, async () => {
      await look();
      if (!ended) lookLater();
    });
  }

  lookLater();
  return () => {
    ended = true;
    timer?.cancel();
  };
}
