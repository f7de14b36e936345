/** Writes until it is killed, and prints each key and revision once its write is acknowledged. For a test. */
import { silentLogger, systemClock } from "../base/mod.ts";
import { openKvStore } from "./kv_store.ts";
import { pattern, range } from "./store_suite.ts";

const [directory, round] = Deno.args;
if (directory === undefined) throw new Error("usage: kv_crash_writer.ts DIRECTORY ROUND");
const store = await openKvStore({ directory, logger: silentLogger, clock: systemClock });
const encoder = new TextEncoder();
await Promise.all(
  range(16).map(async (writer) => {
    for (let i = 0;; i++) {
      const key = `/${round}/${writer}-${i}`;
      const value = pattern(i % 50 === 49 ? 150_000 : 100 + i, i & 0xff);
      const revision = await store.write({ op: "create", key, value });
      Deno.stdout.writeSync(encoder.encode(`${key} ${revision}\n`));
    }
  }),
);
