import { silentLogger } from "../base/mod.ts";
import { openKvStore } from "./kv_store.ts";
import { storeSuite, type StoreUnderTest } from "./store_suite.ts";

storeSuite("kv store on disk", async () => place(await Deno.makeTempDir()), { durable: true });
storeSuite("kv store in memory", () => Promise.resolve(place("memory")), { durable: false });

function place(directory: string): StoreUnderTest {
  return {
    open: (clock, options = {}) =>
      openKvStore({
        directory,
        clock,
        logger: silentLogger,
        ...(options.historyEvents !== undefined && { history: { events: options.historyEvents } }),
      }),
    elapse: (clock, milliseconds) => clock.advance(milliseconds),
    remove: async () => {
      if (directory !== "memory") await Deno.remove(directory, { recursive: true });
    },
  };
}
