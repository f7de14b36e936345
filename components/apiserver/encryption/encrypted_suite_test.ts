import { MetricRegistry, seededRandom, silentLogger } from "../../base/mod.ts";
import { openKvStore } from "../../storage/mod.ts";
import { storeSuite, type StoreUnderTest } from "../../storage/store_suite.ts";
import { EncryptedStore } from "./encrypted_store.ts";
import { Encryption } from "./encryption.ts";
import { readEncryptionConfig } from "./encryption_config.ts";

const SECRET = btoa("0123456789abcdef0123456789abcdef");

/** The prefix, the nonce and the tag. */
const OVERHEAD_BYTES = "k8s:enc:secretbox:v1:a:".length + 24 + 16;

// Its cipher answers by promises, which is harder to keep in order.
storeSuite("an encrypted store", () => Promise.resolve(place("secretbox", "memory")), {
  durable: false,
  overheadBytes: OVERHEAD_BYTES,
});

/** Whatever is asked of a store is asked of one that encrypts everything. */
function place(kind: string, directory: string): StoreUnderTest {
  const config = readEncryptionConfig(`
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: ["*.*"], providers: [{${kind}: {keys: [{name: a, secret: ${SECRET}}]}}]}]
`);
  return {
    async open(clock, options = {}) {
      const inner = await openKvStore({
        directory,
        clock,
        logger: silentLogger,
        ...(options.historyEvents !== undefined && { history: { events: options.historyEvents } }),
      });
      const services = { clock, random: seededRandom(1), logger: silentLogger };
      return new EncryptedStore(
        inner,
        new Encryption(config, services),
        () => "things",
        new MetricRegistry(),
        () => 0,
      );
    },
    elapse: (clock, milliseconds) => clock.advance(milliseconds),
    remove: () => Promise.resolve(),
  };
}
