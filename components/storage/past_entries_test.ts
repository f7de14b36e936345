import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger } from "../base/mod.ts";
import { openKvStore } from "./kv_store.ts";
import { PastEntries } from "./past_entries.ts";
import { SortedMap } from "./sorted_map.ts";
import { bytes, text } from "./store_suite.ts";
import { openWatchCache } from "./watch_cache.ts";

const codec = {
  decode: (value: Uint8Array) => text(value),
  index: (decoded: string) => decoded,
  render: (value: Uint8Array) => value,
};

Deno.test("cache and store give the past as it was, whole and in pages", async () => {
  const clock = new FakeClock();
  const store = await openKvStore({ directory: "memory", clock, logger: silentLogger });
  const cache = openWatchCache({ store, prefix: "/p/", codec, clock, logger: silentLogger });
  await cache.ready();
  const random = seededRandom(7);
  const below = (bound: number) => Math.floor(random.next() * bound);
  const names = Array.from(
    { length: 40 },
    (_, i) => `/p/${"ab"[i % 2]}/${i}${i % 7 ? "" : "\u{1f600}"}`,
  );
  const live = new Map<string, number>();
  const states: { revision: number; lines: string[] }[] = [];
  const lines = (entries: Iterable<{ key: string; revision: number }>) =>
    [...entries].map(({ key, revision }) => `${key}@${revision}`);
  for (let i = 0; i < 300; i++) {
    const key = names[below(names.length)]!;
    const revision = live.get(key);
    if (revision === undefined) {
      live.set(key, await store.write({ op: "create", key, value: bytes(`${i}`) }));
    } else if (below(2) === 0) {
      await store.write({ op: "delete", key, revision });
      live.delete(key);
    } else live.set(key, await store.write({ op: "update", key, value: bytes(`${i}`), revision }));
    const now = await store.list("/p/");
    states.push({ revision: now.revision, lines: lines(now.entries) });
  }
  await cache.waitFor(store.revision);
  const check = async ({ revision, lines: all }: { revision: number; lines: string[] }) => {
    const past = cache.past(revision)!;
    assert.deepEqual(lines(past.range("/p/")), all);
    for (const prefix of ["/p/", "/p/a/", "/p/c/"]) {
      const under = all.filter((line) => line.startsWith(prefix));
      const after = under[below(under.length + 1)]?.replace(/@.*/, "");
      const left = after === undefined
        ? under
        : under.slice(under.findIndex((each) => each.startsWith(`${after}@`)) + 1);
      assert.deepEqual(lines(past.range(prefix, after)), left);
      assert.equal(past.count(prefix, after), left.length);
      const limit = below(5) + 1;
      const page = await store.list(prefix, {
        revision,
        limit,
        ...(after === undefined ? {} : { startAfter: after }),
      });
      assert.deepEqual(lines(page.entries), left.slice(0, limit));
      assert.equal(page.remaining, Math.max(0, left.length - limit));
    }
  };
  for (const state of states) await check(state);
  // What is compacted is forgotten, and all after it counted as before.
  const half = states[150]!.revision;
  await store.compact(half);
  for (const state of states.slice(150)) await check(state);
  assert.equal(cache.past(store.revision + 1), undefined);
  cache.close();
  await store.close();
});

Deno.test("a page of the past costs by what has changed since, not by what there is", () => {
  let reads = 0;
  const entry = (key: string) => ({
    get key() {
      reads++;
      return key;
    },
  });
  const now = new SortedMap<{ readonly key: string }>();
  for (let i = 0; i < 50_000; i++) now.set(`/p/${i}`, entry(`/p/${i}`));
  const past = new PastEntries(now, [{ key: "/p/7" }, { key: "/p/x", previous: entry("/p/x") }]);
  const range = past.range("/p/", "/p/30000");
  for (let i = 0; i < 500; i++) range.next();
  assert.equal(past.count("/p/", "/p/30000"), now.count("/p/", "/p/30000") - 1 + 1);
  assert.ok(reads < 3000, `${reads} keys were looked at`);
});
