import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../base/mod.ts";
import { openKvStore } from "./kv_store.ts";
import { CompactedError, type Store, StoreFailedError, type WatchSink } from "./store.ts";
import { bytes, range, text } from "./store_suite.ts";
import { openWatchCache, type WatchCacheOptions } from "./watch_cache.ts";
import type { CacheEvent, CacheSink, WatchCache } from "./watch_cache_port.ts";

/** Stored as text; rendered with its revision; indexed by its first letter. */
class Codec {
  decodes = 0;
  renders = 0;

  decode(value: Uint8Array, revision: number): { text: string; revision: number } {
    this.decodes++;
    return { text: text(value).split("@")[0] ?? "", revision };
  }
  index(decoded: { text: string }): string {
    return decoded.text.slice(0, 1);
  }
  render(value: Uint8Array, revision: number): Uint8Array {
    this.renders++;
    return bytes(`${text(value)}@${revision}`);
  }
  revise(decoded: { text: string; revision: number }, revision: number) {
    return Object.assign(decoded, { revision });
  }
}

type Decoded = ReturnType<Codec["decode"]>;

class Sink implements CacheSink<string> {
  readonly seen: CacheEvent<string>[] = [];
  readonly reported: number[] = [];
  ends = 0;
  error: Error | undefined;

  events(batch: readonly CacheEvent<string>[]): void {
    this.seen.push(...batch);
  }
  progress(revision: number): void {
    this.reported.push(revision);
  }
  end(error?: Error): void {
    this.ends++;
    this.error = error;
  }
  get lines(): string[] {
    return this.seen.map((event) =>
      `${event.key} ${text(event.previous?.bytes ?? bytes("-"))} ${
        text(event.current?.bytes ?? bytes("-"))
      }`
    );
  }
}

interface Bench {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly codec: Codec;
  cache(
    options?: Partial<WatchCacheOptions<string, Decoded>>,
  ): Promise<WatchCache<string, Decoded>>;
  put(key: string, value: string): Promise<number>;
  remove(key: string): Promise<number>;
}

function test(name: string, run: (bench: Bench) => Promise<void>): void {
  Deno.test(`WatchCache ${name}`, async () => {
    const clock = new FakeClock();
    const codec = new Codec();
    const store = await openKvStore({ directory: "memory", clock, logger: silentLogger });
    const caches: WatchCache<string, Decoded>[] = [];
    try {
      await run({
        store,
        clock,
        codec,
        async cache(options = {}) {
          const base = { store, prefix: "/p/", codec, clock, logger: silentLogger };
          const cache = openWatchCache<string, Decoded>({ ...base, ...options });
          caches.push(cache);
          await cache.ready();
          return cache;
        },
        async put(key, value) {
          const revision = (await store.get(key))?.revision;
          return await store.write(
            revision === undefined
              ? { op: "create", key, value: bytes(value) }
              : { op: "update", key, value: bytes(value), revision },
          );
        },
        async remove(key) {
          const revision = (await store.get(key))?.revision ?? 0;
          return await store.write({ op: "delete", key, revision });
        },
      });
    } finally {
      for (const cache of caches) cache.close();
      await store.close();
    }
  });
}

const keys = (cache: WatchCache<string, Decoded>, prefix: string, startAfter?: string) =>
  [...cache.range(prefix, startAfter)].map(({ key }) => key);

test("is ready over an empty store and sees a write when its promise resolves", async (bench) => {
  const cache = await bench.cache();
  assert.equal(cache.revision, 0);
  const revision = await bench.put("/p/n/x", "apple");
  assert.equal(cache.revision, revision);
  const entry = cache.get("/p/n/x");
  assert.equal(text(entry?.bytes ?? bytes("")), `apple@${revision}`);
  assert.equal(entry?.revision, revision);
  assert.equal(entry?.index, "a");
  await bench.put("/q/x", "other");
  assert.equal(cache.revision, bench.store.revision, "events of others move it on");
});

test("ranges and counts by prefix", async ({ cache, put, remove }) => {
  await Promise.all(range(1200).map((i) => put(`/p/n${i % 3}/k${i}`, `v${i}`)));
  const opened = await cache();
  assert.equal(opened.count("/p/"), 1200);
  assert.equal(opened.count("/p/n1/"), 400);
  assert.deepEqual(keys(opened, "/p/n2/", "/p/n2/k995"), ["/p/n2/k998"]);
  assert.deepEqual(keys(opened, "/p/n2/", "/p/n2/k998"), []);
  assert.deepEqual(keys(opened, "/p/n2/k99"), ["/p/n2/k992", "/p/n2/k995", "/p/n2/k998"]);
  await remove("/p/n1/k1");
  assert.equal(opened.count("/p/n1/"), 399);
  assert.equal(opened.get("/p/n1/k1"), undefined);
});

test("renders and decodes once, and only when asked", async ({ cache, put, codec }) => {
  const opened = await cache({ decodedEntriesMaximum: 2 });
  const sinks = [new Sink(), new Sink()];
  for (const sink of sinks) opened.watch("/p/", 0, sink);
  await put("/p/a", "apple");
  assert.deepEqual([codec.renders, codec.decodes], [0, 0]);
  const entry = opened.get("/p/a");
  assert.ok(entry !== undefined);
  assert.equal(entry.bytes, entry.bytes);
  assert.equal(sinks[0]?.seen[0]?.current?.bytes, sinks[1]?.seen[0]?.current?.bytes);
  assert.equal(sinks[0]?.seen[0]?.encodings, sinks[1]?.seen[0]?.encodings);
  assert.deepEqual([entry.index, entry.index, opened.decoded(entry).text], ["a", "a", "apple"]);
  assert.deepEqual([codec.renders, codec.decodes], [1, 1]);
  for (const key of ["/p/b", "/p/c"]) {
    await put(key, key);
    const other = opened.get(key);
    assert.ok(other !== undefined && opened.decoded(other).text === key);
  }
  assert.equal(entry.index, "a");
  assert.equal(codec.decodes, 3);
  assert.equal(opened.decoded(entry).text, "apple");
  assert.equal(codec.decodes, 4, "only so many are kept");
});

test("takes an offered object instead of decoding", async ({ cache, store, codec }) => {
  const opened = await cache();
  const value = bytes("apple");
  opened.offer(value, { text: "apple", revision: 0 });
  const revision = await store.write({ op: "create", key: "/p/a", value });
  const entry = opened.get("/p/a");
  assert.ok(entry !== undefined);
  assert.deepEqual(opened.decoded(entry), { text: "apple", revision });
  assert.equal(entry.index, "a");
  assert.equal(codec.decodes, 0);
});

test("delivers by prefix, from any revision of the window", async ({ cache, put, remove }) => {
  const opened = await cache();
  const early = new Sink();
  const narrow = new Sink();
  opened.watch("/p/", 0, early);
  opened.watch("/p/n1/", 0, narrow);
  const r1 = await put("/p/n1/a", "one");
  const r2 = await put("/p/n2/a", "two");
  const r3 = await put("/p/n1/a", "three");
  await remove("/p/n1/a");
  const expected = [
    `/p/n1/a - one@${r1}`,
    `/p/n2/a - two@${r2}`,
    `/p/n1/a one@${r1} three@${r3}`,
    `/p/n1/a three@${r3} -`,
  ];
  assert.deepEqual(early.lines, expected);
  assert.deepEqual(narrow.lines, expected.filter((line) => line.startsWith("/p/n1/")));
  const late = new Sink();
  opened.watch("/p/", r2, late);
  assert.deepEqual(late.lines, expected.slice(2));
  const future = new Sink();
  opened.watch("/p/", opened.revision + 1, future);
  await put("/p/n3/a", "skipped");
  const r6 = await put("/p/n3/b", "seen");
  assert.deepEqual(future.lines, [`/p/n3/b - seen@${r6}`]);
});

test("gives every watcher every event once, in order, under 64 writers", async (bench) => {
  const opened = await bench.cache();
  const all = new Sink();
  opened.watch("/p/", 0, all);
  const joined: { sink: Sink; after: number }[] = [];
  await Promise.all(
    range(64).map(async (writer) => {
      for (const i of range(8)) {
        await bench.put(`/p/${writer}/${i % 3}`, `${i}`);
        const sink = new Sink();
        const after = i % 2 === 0 ? opened.revision : 0;
        joined.push({ sink, after });
        opened.watch(`/p/${writer}/`, after, sink);
      }
    }),
  );
  assert.equal(all.seen.length, 64 * 8);
  for (const { sink, after } of joined) {
    const writer = sink.seen[0]?.key.split("/")[2];
    if (writer === undefined) continue;
    const expected = all.seen.filter(({ key, revision }) =>
      revision > after && key.startsWith(`/p/${writer}/`)
    );
    assert.deepEqual(
      sink.seen.map(({ revision }) => revision),
      expected.map(({ revision }) => revision),
    );
  }
  assert.ok(joined.filter(({ sink }) => sink.seen.length === 8).length >= 64 * 4);
});

test("refuses what its window no longer holds", async ({ cache, put, clock }) => {
  const opened = await cache({ window: { events: 5, seconds: 60 } });
  const revisions: number[] = [];
  for (const i of range(20)) revisions.push(await put("/p/a", `${i}`));
  assert.throws(() => opened.watch("/p/", revisions[10] ?? 0, new Sink()), CompactedError);
  const sink = new Sink();
  opened.watch("/p/", revisions[14] ?? 0, sink);
  assert.equal(sink.seen.length, 5);
  await clock.advance(61_000);
  const last = await put("/p/a", "last");
  assert.throws(() => opened.watch("/p/", revisions[18] ?? 0, new Sink()), CompactedError);
  assert.equal(sink.seen.at(-1)?.revision, last);
});

test("starts with a window of the store's history", async ({ cache, put }) => {
  const revisions: number[] = [];
  for (const i of range(20)) revisions.push(await put("/p/a", `${i}`));
  const opened = await cache();
  const sink = new Sink();
  opened.watch("/p/", revisions[9] ?? 0, sink);
  assert.deepEqual(sink.seen.map(({ revision }) => revision), revisions.slice(10));
});

test("waits for a revision, or for the signal", async ({ cache, put, store }) => {
  const opened = await cache();
  await opened.waitFor(store.revision);
  let seen = false;
  const waiting = opened.waitFor(store.revision + 2).then(() => seen = true);
  const controller = new AbortController();
  const aborted = opened.waitFor(store.revision + 100, controller.signal);
  await put("/p/a", "one");
  assert.equal(seen, false);
  await put("/q/b", "two");
  await waiting;
  controller.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  const closing = opened.waitFor(store.revision + 100);
  opened.close();
  await assert.rejects(closing, /closed/);
  await assert.rejects(opened.waitFor(store.revision + 100), /closed/);
});

test("reports progress at most once a second", async ({ cache, put, clock }) => {
  const opened = await cache();
  const sink = new Sink();
  opened.watch("/p/none/", 0, sink);
  for (const i of range(10)) await put("/p/a", `${i}`);
  assert.deepEqual(sink.reported, []);
  await clock.advance(1000);
  assert.deepEqual(sink.reported, [opened.revision]);
});

test("drops a sink that throws and no other", async ({ cache, put }) => {
  const opened = await cache();
  const bad = new Sink();
  bad.events = () => {
    throw new Error("broken");
  };
  const good = new Sink();
  opened.watch("/p/", 0, bad);
  opened.watch("/p/", 0, good);
  await put("/p/a", "one");
  await put("/p/a", "two");
  assert.deepEqual([bad.ends, bad.error?.message, good.seen.length], [1, "broken", 2]);
});

test("ends its watchers and lists again when the store's watch loses its place", async (bench) => {
  const { store, put, remove } = bench;
  let inner: WatchSink | undefined;
  let deaf = false;
  const lossy = new Proxy(store, {
    get(target, name) {
      if (name === "watch") {
        return (prefix: string, after: number, sink: WatchSink) => {
          inner = sink;
          deaf = false;
          return target.watch(prefix, after, {
            events: (batch) => deaf || sink !== inner || sink.events(batch),
            progress: (revision) => deaf || sink !== inner || sink.progress?.(revision),
            end: () => {},
          });
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const opened = await bench.cache({ store: lossy });
  await put("/p/kept", "one");
  await put("/p/gone", "two");
  const kept = opened.get("/p/kept");
  const sink = new Sink();
  opened.watch("/p/", 0, sink);
  deaf = true;
  await remove("/p/gone");
  await put("/p/new", "three");
  assert.deepEqual(keys(opened, "/p/"), ["/p/gone", "/p/kept"]);
  inner?.end(new CompactedError(1, 2));
  await opened.waitFor(store.revision);
  assert.deepEqual(keys(opened, "/p/"), ["/p/kept", "/p/new"]);
  assert.equal(opened.get("/p/kept"), kept, "what did not change is not rendered again");
  assert.equal(sink.ends, 1);
  assert.ok(sink.error instanceof CompactedError);
  assert.throws(() => opened.watch("/p/", 0, new Sink()), CompactedError);
  const next = new Sink();
  opened.watch("/p/", opened.revision, next);
  await put("/p/new", "four");
  assert.equal(next.seen.length, 1);
  inner?.end(new StoreFailedError("gone for a while"));
  for (let turn = 0; next.ends === 0; turn++) {
    assert.ok(turn < 1000);
    await bench.clock.advance(1000);
    await store.get("/p/new");
  }
  await opened.waitFor(store.revision);
  assert.equal(keys(opened, "/p/").length, 2);
});

test("ends its watchers without an error when the store closes", async ({ cache, store }) => {
  const opened = await cache();
  const sink = new Sink();
  opened.watch("/p/", 0, sink);
  await store.close();
  assert.deepEqual([sink.ends, sink.error], [1, undefined]);
});

test("indexes what nobody has decoded by its value, and decodes nothing for that", async (bench) => {
  const asked: string[] = [];
  const codec = Object.assign(Object.create(bench.codec) as Codec, {
    indexValue(value: Uint8Array): string | undefined {
      asked.push(text(value));
      return text(value) === "odd" ? undefined : `v:${text(value)}`;
    },
  });
  for (const name of ["a", "b", "odd"]) await bench.put(`/p/${name}`, name);
  const cache = await bench.cache({ codec });
  await cache.waitFor(bench.store.revision);
  const before = bench.codec.decodes;
  const indexes = () => [...cache.range("/p/")].map(({ index }) => index);
  assert.deepEqual(indexes(), ["v:a", "v:b", "o"]);
  assert.deepEqual(indexes(), ["v:a", "v:b", "o"]);
  assert.deepEqual(asked, ["a", "b", "odd"]);
  // What is decoded already is indexed by that.
  await bench.put("/p/c", "c");
  await cache.waitFor(bench.store.revision);
  const entry = cache.get("/p/c")!;
  cache.decoded(entry);
  assert.equal(entry.index, "c");
  assert.ok(bench.codec.decodes + codec.decodes - before > 0);
});
