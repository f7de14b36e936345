import assert from "node:assert/strict";
import { type Clock, FakeClock } from "../base/mod.ts";
import {
  CompactedError,
  KeyExistsError,
  RevisionMismatchError,
  type Store,
  type StoreEvent,
  VALUE_MAXIMUM_BYTES,
  ValueTooLargeError,
  type WatchHandle,
  type WatchSink,
} from "./store.ts";

/** One place where a store can lie, for one case. */
export interface StoreUnderTest {
  /** Opens it; again after `close` with what is there. `historyEvents` bounds how much history it keeps by itself. */
  open(clock: Clock, options?: { readonly historyEvents?: number }): Promise<Store>;
  /** Lets time pass for what has a time to live. */
  elapse(clock: FakeClock, milliseconds: number): Promise<void>;
  remove(): Promise<void>;
}

export interface StoreSuiteOptions {
  /** Whether state outlives `close`. */
  readonly durable: boolean;
  /** Bytes that a value takes more than it has; none where not given. */
  readonly overheadBytes?: number;
}

interface Context {
  readonly open: StoreUnderTest["open"];
  readonly elapse: (milliseconds: number) => Promise<void>;
  readonly clock: FakeClock;
  /** Bytes of the largest value. */
  readonly largest: number;
}

type Case = (context: Context) => Promise<void>;

/** Registers the cases that every backend passes: what `Store` promises, and nothing about how. */
export function storeSuite(
  name: string,
  make: () => Promise<StoreUnderTest>,
  options: StoreSuiteOptions,
): void {
  for (const [title, run] of Object.entries({ ...CASES, ...(options.durable && DURABLE_CASES) })) {
    Deno.test(`${name} ${title}`, async () => {
      const place = await make();
      const opened: Store[] = [];
      const open: StoreUnderTest["open"] = async (...parameters) => {
        const store = await place.open(...parameters);
        opened.push(store);
        return store;
      };
      const clock = new FakeClock();
      try {
        await run({
          open,
          clock,
          elapse: (milliseconds) => place.elapse(clock, milliseconds),
          largest: VALUE_MAXIMUM_BYTES - (options.overheadBytes ?? 0),
        });
      } finally {
        for (const store of opened) await store.close();
        await place.remove();
      }
    });
  }
}

const CASES: Record<string, Case> = {
  "creates, reads, updates, deletes and creates again": async ({ open, clock }) => {
    const store = await open(clock);
    assert.equal(await store.get("/a/x"), undefined);
    const created = await store.write({ op: "create", key: "/a/x", value: bytes("one") });
    assert.equal(store.revision, created);
    assert.deepEqual(await read(store, "/a/x"), ["one", created]);
    const updated = await store.write({
      op: "update",
      key: "/a/x",
      value: bytes("two"),
      revision: created,
    });
    assert.ok(updated > created);
    assert.deepEqual(await read(store, "/a/x"), ["two", updated]);
    const deleted = await store.write({ op: "delete", key: "/a/x", revision: updated });
    assert.ok(deleted > updated);
    assert.equal(await store.get("/a/x"), undefined);
    const again = await store.write({ op: "create", key: "/a/x", value: bytes("three") });
    assert.ok(again > deleted);
    assert.deepEqual(await read(store, "/a/x"), ["three", again]);
  },

  "refuses what conflicts and says what is there": async ({ open, clock }) => {
    const store = await open(clock);
    const revision = await store.write({ op: "create", key: "/a/x", value: bytes("one") });
    await assert.rejects(
      store.write({ op: "create", key: "/a/x", value: bytes("two") }),
      KeyExistsError,
    );
    for (const op of ["update", "delete"] as const) {
      const stale = { op, key: "/a/x", value: bytes("two"), revision: revision + 1 };
      await assert.rejects(store.write(stale), (error: unknown) => {
        assert.ok(error instanceof RevisionMismatchError);
        assert.equal(error.current?.revision, revision);
        assert.deepEqual(error.current?.value, bytes("one"));
        return true;
      });
      const absent = { op, key: "/a/y", value: bytes("two"), revision };
      await assert.rejects(store.write(absent), (error: unknown) => {
        assert.ok(error instanceof RevisionMismatchError);
        assert.equal(error.current, undefined);
        return true;
      });
    }
    assert.deepEqual(await read(store, "/a/x"), ["one", revision]);
  },

  "lets one of many concurrent writers of a key win": async ({ open, clock }) => {
    const store = await open(clock);
    const creates = await Promise.allSettled(
      range(64).map((i) => store.write({ op: "create", key: "/a/x", value: bytes(`${i}`) })),
    );
    assert.equal(creates.filter(({ status }) => status === "fulfilled").length, 1);
    const base = await store.get("/a/x");
    const revision = base?.revision ?? 0;
    const writes = await Promise.allSettled(
      range(64).map((i) =>
        i % 2 === 0
          ? store.write({ op: "update", key: "/a/x", value: bytes(`${i}`), revision })
          : store.write({ op: "delete", key: "/a/x", revision })
      ),
    );
    assert.equal(writes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of writes) {
      if (result.status === "fulfilled") continue;
      assert.ok(result.reason instanceof RevisionMismatchError);
      // What lost is told of the winner, never of what it replaced.
      assert.notEqual(result.reason.current?.revision, revision);
    }
  },

  "counts a key up under 64 concurrent writers without losing one": async ({ open, clock }) => {
    const store = await open(clock);
    await store.write({ op: "create", key: "/n", value: bytes("0") });
    await Promise.all(
      range(64).map(async () => {
        for (let done = 0; done < 2;) {
          const entry = await store.get("/n");
          assert.ok(entry !== undefined);
          const value = bytes(`${Number(text(entry.value)) + 1}`);
          try {
            await store.write({ op: "update", key: "/n", value, revision: entry.revision });
            done++;
          } catch (error) {
            assert.ok(error instanceof RevisionMismatchError);
          }
        }
      }),
    );
    assert.equal((await read(store, "/n"))[0], "128");
  },

  "lists in the order of UTF-8 bytes, by prefix, in pages": async ({ open, clock }) => {
    const store = await open(clock);
    const keys = ["/a/b", "/a/\u{1f600}", "/a/\uffee", "/a/a", "/b/a", "/a", "/a/b/c", "/a0"];
    await Promise.all(
      keys.map((key) => store.write({ op: "create", key, value: bytes(`value of ${key}`) })),
    );
    const expected = ["/a/a", "/a/b", "/a/b/c", "/a/\uffee", "/a/\u{1f600}"];
    const all = await store.list("/a/");
    assert.deepEqual(all.entries.map(({ key }) => key), expected);
    assert.deepEqual(
      all.entries.map(({ value }) => text(value)),
      expected.map((key) => `value of ${key}`),
    );
    assert.equal(all.remaining, 0);
    assert.equal(all.revision, store.revision);
    const pages: string[] = [];
    let startAfter: string | undefined;
    let remaining = expected.length;
    while (remaining > 0) {
      const page = await store.list("/a/", {
        limit: 2,
        ...(startAfter !== undefined && { startAfter }),
      });
      pages.push(...page.entries.map(({ key }) => key));
      assert.equal(page.remaining, Math.max(0, remaining - 2));
      remaining = page.remaining;
      startAfter = page.entries.at(-1)?.key;
    }
    assert.deepEqual(pages, expected);
    assert.deepEqual((await store.list("/nothing/")).entries, []);
  },

  "lists as of a revision": async ({ open, clock }) => {
    const store = await open(clock);
    const a = await store.write({ op: "create", key: "/a/a", value: bytes("a1") });
    const b = await store.write({ op: "create", key: "/a/b", value: bytes("b1") });
    const a2 = await store.write({ op: "update", key: "/a/a", value: bytes("a2"), revision: a });
    const gone = await store.write({ op: "delete", key: "/a/b", revision: b });
    const b2 = await store.write({ op: "create", key: "/a/b", value: bytes("b2") });
    const expected: [number, string[]][] = [
      [a, ["a1"]],
      [b, ["a1", "b1"]],
      [a2, ["a2", "b1"]],
      [gone, ["a2"]],
      [b2, ["a2", "b2"]],
    ];
    for (const [revision, values] of expected) {
      const result = await store.list("/a/", { revision });
      assert.equal(result.revision, revision);
      assert.deepEqual(result.entries.map(({ value }) => text(value)), values);
    }
  },

  "watches every event once and in order under 64 concurrent writers": async ({ open, clock }) => {
    const store = await open(clock);
    const all = new Recorder();
    const one = new Recorder();
    const narrow = new Recorder();
    await store.watch("", 0, all);
    await store.watch("/w/7/", 0, one);
    await store.watch("/w/7/key-1", 0, narrow);
    const written: { revision: number; key: string }[] = [];
    const late: { recorder: Recorder; after: number }[] = [];
    await Promise.all(
      range(64).map(async (writer) => {
        for (let i = 0; i < 10; i++) {
          const key = `/w/${writer}/key-${i}`;
          const created = await store.write({ op: "create", key, value: bytes(`${i}`) });
          written.push({ key, revision: created });
          const value = bytes(`${i}+`);
          const updated = await store.write({ op: "update", key, value, revision: created });
          written.push({ key, revision: updated });
          if (i % 2 === 0) {
            const deleted = await store.write({ op: "delete", key, revision: updated });
            written.push({ key, revision: deleted });
          }
          if (writer === 0) {
            const recorder = new Recorder();
            const after = i % 2 === 0 ? 0 : store.revision;
            late.push({ recorder, after });
            await store.watch("/w/", after, recorder);
          }
        }
      }),
    );
    const end = await store.write({ op: "create", key: "/w/end", value: bytes("") });
    written.push({ key: "/w/end", revision: end });
    written.sort((left, right) => left.revision - right.revision);
    assert.equal(new Set(written.map(({ revision }) => revision)).size, written.length);
    const last = written.at(-1)?.revision ?? 0;
    await all.until((event) => event.revision === last);
    assert.deepEqual(all.seen.map(({ key, revision }) => ({ key, revision })), written);
    const sevens = written.filter(({ key }) => key.startsWith("/w/7/"));
    assert.deepEqual(one.seen.map(({ key, revision }) => ({ key, revision })), sevens);
    assert.ok(narrow.seen.length >= 2 && narrow.seen.every(({ key }) => key === "/w/7/key-1"));
    assert.equal(late.length, 10);
    for (const { recorder, after } of late) {
      await recorder.until((event) => event.revision === last);
      const tail = written.filter(({ revision }) => revision > after);
      assert.deepEqual(recorder.seen.map(({ key, revision }) => ({ key, revision })), tail);
    }
  },

  "tells with each event what was there before": async ({ open, clock }) => {
    const store = await open(clock);
    const recorder = new Recorder();
    await store.watch("/a/", 0, recorder);
    const r1 = await store.write({ op: "create", key: "/a/x", value: bytes("one") });
    const r2 = await store.write({
      op: "update",
      key: "/a/x",
      value: bytes("two"),
      revision: r1,
    });
    const r3 = await store.write({ op: "delete", key: "/a/x", revision: r2 });
    const r4 = await store.write({ op: "create", key: "/a/x", value: bytes("three") });
    assert.equal(await store.freshRevision(), r4);
    const seen = await recorder.until((event) => event.revision === r4);
    const expected = [
      [r1, "one", undefined, undefined],
      [r2, "two", "one", r1],
      [r3, undefined, "two", r2],
      [r4, "three", undefined, undefined],
    ];
    assert.deepEqual(seen.map(summary), expected);
    const replayed = new Recorder();
    await store.watch("/a/", r1, replayed);
    const again = await replayed.until((event) => event.revision === r4);
    assert.deepEqual(again.map(summary), expected.slice(1));
  },

  "stops a cancelled watch, ends the others at close": async ({ open, clock }) => {
    const store = await open(clock);
    const cancelled = new Recorder();
    const kept = new Recorder();
    const handle: WatchHandle = await store.watch("/a/", 0, cancelled);
    await store.watch("/a/", 0, kept);
    const first = await store.write({ op: "create", key: "/a/x", value: bytes("one") });
    await cancelled.until((event) => event.revision === first);
    handle.cancel();
    handle.cancel();
    const second = await store.write({ op: "create", key: "/a/y", value: bytes("two") });
    await kept.until((event) => event.revision === second);
    await store.close();
    assert.equal(cancelled.seen.length, 1);
    assert.equal(cancelled.ends, 0);
    assert.equal(kept.ends, 1);
  },

  "reports progress past events of other prefixes": async ({ open, clock }) => {
    const store = await open(clock);
    const recorder = new Recorder();
    const handle = await store.watch("/a/", store.revision, recorder);
    const revision = await store.write({ op: "create", key: "/b/x", value: bytes("one") });
    handle.requestProgress?.(revision);
    await recorder.untilProgress(revision);
    assert.equal(recorder.seen.length, 0);
  },

  "keeps objects of 1.4 MB and refuses over the limit": async ({ open, clock, largest }) => {
    const store = await open(clock);
    const recorder = new Recorder();
    await store.watch("/big/", 0, recorder);
    const sizes = [1_400_000, 60_000, 60_001, 120_000, 800_000, 0, 1, largest];
    const revisions = await Promise.all(
      sizes.map((size, i) =>
        store.write({ op: "create", key: `/big/${i}`, value: pattern(size, i) })
      ),
    );
    const { entries } = await store.list("/big/");
    assert.deepEqual(entries.map(({ value }) => value.length), sizes);
    entries.forEach(({ value }, i) => assert.deepEqual(value, pattern(sizes[i] ?? 0, i)));
    const last = Math.max(...revisions);
    const events = await recorder.until((event) => event.revision === last);
    for (const { key, value } of events) {
      assert.equal(value?.length, sizes[Number(key.slice("/big/".length))]);
    }
    const value = new Uint8Array(largest + 1);
    await assert.rejects(store.write({ op: "create", key: "/big/x", value }), ValueTooLargeError);
    const smaller = await store.write({
      op: "update",
      key: "/big/0",
      value: bytes("small"),
      revision: revisions[0] ?? 0,
    });
    await store.compact(smaller);
    assert.deepEqual(await read(store, "/big/0"), ["small", smaller]);
  },

  "answers 410 for what is compacted and keeps the rest": async ({ open, clock }) => {
    const store = await open(clock);
    const a = await store.write({ op: "create", key: "/a/a", value: bytes("a1") });
    const b = await store.write({ op: "create", key: "/a/b", value: bytes("b1") });
    const a2 = await store.write({ op: "update", key: "/a/a", value: bytes("a2"), revision: a });
    const gone = await store.write({ op: "delete", key: "/a/b", revision: b });
    await store.compact(a2);
    assert.equal(store.compactedRevision, a2);
    for (const revision of [a, b]) {
      await assert.rejects(store.list("/a/", { revision }), CompactedError);
      await assert.rejects(store.watch("/a/", revision, new Recorder()), CompactedError);
    }
    const kept = await store.list("/a/", { revision: a2 });
    assert.deepEqual(kept.entries.map(({ value }) => text(value)), ["a2", "b1"]);
    const recorder = new Recorder();
    await store.watch("/a/", a2, recorder);
    const events = await recorder.until((event) => event.revision === gone);
    assert.deepEqual(events.map(summary), [[gone, undefined, "b1", b]]);
    await store.compact(store.revision);
    const now = await store.list("/a/");
    assert.deepEqual(now.entries.map(({ value }) => text(value)), ["a2"]);
    await store.write({ op: "create", key: "/a/b", value: bytes("b2") });
    assert.equal((await read(store, "/a/b"))[0], "b2");
  },

  "bounds history by itself": async ({ open, clock }) => {
    const store = await open(clock, { historyEvents: 100 });
    let revision = await store.write({ op: "create", key: "/a/x", value: bytes("0") });
    const revisions = [revision];
    for (let i = 1; i <= 300; i++) {
      revision = await store.write({ op: "update", key: "/a/x", value: bytes(`${i}`), revision });
      revisions.push(revision);
    }
    assert.ok(store.compactedRevision > (revisions[0] ?? 0));
    assert.ok(store.compactedRevision <= (revisions[200] ?? 0));
    await assert.rejects(store.list("/a/", { revision: revisions[0] ?? 0 }), CompactedError);
    const old = await store.list("/a/", { revision: revisions[200] ?? 0 });
    assert.deepEqual(old.entries.map(({ value }) => text(value)), ["200"]);
  },

  "deletes what has outlived its time, with an event": async ({ open, clock, elapse }) => {
    const store = await open(clock);
    const recorder = new Recorder();
    await store.watch("/e/", 0, recorder);
    const timeToLiveSeconds = 3600;
    const [short, kept] = await Promise.all(
      ["/e/short", "/e/kept"].map((key) =>
        store.write({ op: "create", key, value: bytes("x"), timeToLiveSeconds })
      ),
    );
    await store.write({ op: "create", key: "/e/for-ever", value: bytes("x") });
    await elapse(1_800_000);
    const revision = kept ?? 0;
    await store.write({ op: "update", key: "/e/kept", value: bytes("y"), revision });
    assert.equal((await store.list("/e/")).entries.length, 3);
    // Late is allowed: those with about the same end may go together.
    await elapse(1_900_000);
    const events = await recorder.until((event) => event.value === undefined);
    const end = events.at(-1);
    assert.equal(end?.key, "/e/short");
    assert.equal(end?.previous?.revision, short);
    assert.deepEqual((await store.list("/e/")).entries.map(({ key }) => key), [
      "/e/for-ever",
      "/e/kept",
    ]);
  },
};

const DURABLE_CASES: Record<string, Case> = {
  "opens again with values, revisions, history and expiries": async ({ open, clock, elapse }) => {
    const first = await open(clock);
    const a = await first.write({ op: "create", key: "/a/a", value: bytes("a1") });
    const big = await first.write({ op: "create", key: "/a/big", value: pattern(1_400_000, 1) });
    const a2 = await first.write({ op: "update", key: "/a/a", value: bytes("a2"), revision: a });
    const b = await first.write({
      op: "create",
      key: "/a/b",
      value: bytes("b"),
      timeToLiveSeconds: 60,
    });
    const c = await first.write({ op: "create", key: "/a/c", value: bytes("c") });
    const gone = await first.write({ op: "delete", key: "/a/c", revision: c });
    await first.close();

    const second = await open(clock);
    assert.equal(second.revision, gone);
    const { entries } = await second.list("/a/");
    assert.deepEqual(entries.map(({ key, revision }) => [key, revision]), [
      ["/a/a", a2],
      ["/a/b", b],
      ["/a/big", big],
    ]);
    assert.deepEqual(entries[2]?.value, pattern(1_400_000, 1));
    const old = await second.list("/a/", { revision: big });
    assert.deepEqual(old.entries.map(({ revision }) => revision), [a, big]);
    const recorder = new Recorder();
    await second.watch("/a/", big, recorder);
    const events = await recorder.until((event) => event.revision === gone);
    assert.deepEqual(events.map(summary), [
      [a2, "a2", "a1", a],
      [b, "b", undefined, undefined],
      [c, "c", undefined, undefined],
      [gone, undefined, "c", c],
    ]);
    const next = await second.write({ op: "create", key: "/a/d", value: bytes("d") });
    assert.ok(next > gone);
    await elapse(65_000);
    const expired = (await recorder.until(({ revision }) => revision > next)).at(-1);
    assert.deepEqual(expired && summary(expired), [expired?.revision, undefined, "b", b]);
  },

  "opens again after everything was deleted and compacted": async ({ open, clock }) => {
    const first = await open(clock);
    const created = await first.write({ op: "create", key: "/a", value: bytes("a") });
    const deleted = await first.write({ op: "delete", key: "/a", revision: created });
    await first.compact(deleted);
    await first.close();
    const second = await open(clock);
    assert.equal(second.revision, deleted);
    assert.equal(second.compactedRevision, deleted);
    assert.deepEqual((await second.list("")).entries, []);
    assert.ok(await second.write({ op: "create", key: "/a", value: bytes("b") }) > deleted);
  },
};

/** A sink that keeps what it gets and checks what every sink may rely on. */
export class Recorder implements WatchSink {
  readonly seen: StoreEvent[] = [];
  ends = 0;
  error: Error | undefined;
  #last = 0;
  #progress = 0;
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  events(batch: readonly StoreEvent[]): void {
    assert.equal(this.ends, 0);
    for (const event of batch) {
      assert.ok(event.revision > this.#last, "events rise");
      assert.ok(event.revision > this.#progress, "progress was no lie");
      this.#last = event.revision;
      this.seen.push(event);
    }
    this.#check();
  }

  progress(revision: number): void {
    assert.ok(revision >= this.#last);
    this.#progress = revision;
    this.#check();
  }

  end(error?: Error): void {
    this.ends++;
    this.error = error;
    this.#check();
  }

  /** All events so far, once one of them fulfils `condition`. */
  async until(condition: (event: StoreEvent) => boolean): Promise<StoreEvent[]> {
    await this.#until(() => this.seen.some(condition));
    return this.seen;
  }

  async untilProgress(revision: number): Promise<void> {
    await this.#until(() => this.#progress >= revision);
  }

  async untilEnd(): Promise<void> {
    await this.#until(() => this.ends > 0);
  }

  async #until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }));
  }

  #check(): void {
    for (const waiter of this.#waiting) if (waiter.holds()) waiter.resolve();
    this.#waiting = this.#waiting.filter(({ holds }) => !holds());
  }
}

/** Revision, value, previous value and previous revision. */
function summary(event: StoreEvent): unknown[] {
  return [
    event.revision,
    event.value && text(event.value),
    event.previous && text(event.previous.value),
    event.previous?.revision,
  ];
}

async function read(store: Store, key: string): Promise<[string, number]> {
  const entry = await store.get(key);
  assert.ok(entry !== undefined, `${key} is there`);
  return [text(entry.value), entry.revision];
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

/** Bytes that differ from one seed and place to another. */
export function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 7 + seed) & 0xff);
}

export function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
