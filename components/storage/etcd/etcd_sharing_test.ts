import assert from "node:assert/strict";
import { FakeClock, silentLogger, sleep, systemClock } from "../../base/mod.ts";
import { CutLine } from "../../../tests/cut_line.ts";
import { etcdIsThere, EtcdMembers } from "../../../tests/etcd_members.ts";
import { type EtcdStoreOptions, openEtcdStore } from "../etcd_open.ts";
import { ANSWER_MAXIMUM_BYTES } from "./endpoint.ts";
import { EtcdClient } from "./etcd_client.ts";
import { oneKey } from "./etcd_keys.ts";
import { allTellProgress } from "./progress_trust.ts";
import {
  CompactedError,
  type Store,
  StoreFailedError,
  VALUE_MAXIMUM_BYTES,
  ValueTooLargeError,
} from "../store.ts";
import { bytes, range, Recorder, text } from "../store_suite.ts";
import { openWatchCache } from "../watch_cache.ts";

const PREFIX = "/registry/things/";

type Open = (options?: Partial<EtcdStoreOptions>) => Promise<Store>;

/** A case over an etcd of its own, from which any number of stores can be opened. */
function etcdTest(name: string, run: (open: Open, members: EtcdMembers) => Promise<void>): void {
  if (!etcdIsThere) return;
  Deno.test(`etcd store ${name}`, async () => {
    const members = await EtcdMembers.start();
    const stores: Store[] = [];
    const { endpoints } = members;
    try {
      await run(async (options = {}) => {
        const all = { endpoints, clock: systemClock, logger: silentLogger, ...options };
        const store = await openEtcdStore(all);
        stores.push(store);
        return store;
      }, members);
    } finally {
      for (const store of stores) await store.close();
      await members.end();
    }
  });
}

function cacheOf(store: Store) {
  return openWatchCache<string, string>({
    store,
    prefix: PREFIX,
    clock: systemClock,
    logger: silentLogger,
    codec: { decode: text, index: (decoded) => decoded, render: (value) => value },
  });
}

const create = (store: Store, name: string, timeToLiveSeconds?: number) =>
  store.write({
    op: "create",
    key: PREFIX + name,
    value: bytes(name),
    ...(timeToLiveSeconds === undefined ? {} : { timeToLiveSeconds }),
  });

etcdTest("shows a reader who waits what another server has written", async (open) => {
  const [one, two] = await Promise.all([open(), open()]);
  const cache = cacheOf(two);
  await cache.ready();
  for (const i of range(20)) {
    await create(one, `thing-${i}`);
    const revision = await two.freshRevision();
    await cache.waitFor(revision);
    assert.equal(cache.get(`${PREFIX}thing-${i}`)?.index, `thing-${i}`);
  }
  cache.close();
});

etcdTest("comes to a revision at which nothing of its own happened", async (open, members) => {
  const [store, elsewhere] = await Promise.all([open(), open({ prefix: "/elsewhere" })]);
  const cache = cacheOf(store);
  await cache.ready();
  const revision = await create(elsewhere, "foreign");
  const fresh = await store.freshRevision();
  assert.ok(fresh >= revision);
  await cache.waitFor(fresh);
  assert.ok(cache.revision >= fresh);
  assert.equal(cache.count(PREFIX), 0);
  assert.equal(await store.get(`${PREFIX}foreign`), undefined);
  // Nothing is written where etcd's word can be taken for it.
  const client = new EtcdClient({
    endpoints: members.endpoints.map((url) => new URL(url)),
    clock: systemClock,
    logger: silentLogger,
  });
  await client.range(oneKey(bytes("x")));
  const trusted = allTellProgress(await client.statuses());
  client.close();
  assert.equal(await store.get("/registry/coracle-progress") === undefined, trusted);
  cache.close();
});

etcdTest("opens caches where only others have written for long", async (open) => {
  const [store, elsewhere] = await Promise.all([open(), open({ prefix: "/elsewhere" })]);
  await create(store, "old");
  let left = 1_200;
  await Promise.all(
    range(64).map(async (writer) => {
      while (left-- > 0) await create(elsewhere, `foreign-${writer}-${left}`);
    }),
  );
  await store.freshRevision();
  for (const each of [store, await open()]) {
    const cache = cacheOf(each);
    await cache.ready();
    assert.equal(cache.count(PREFIX), 1);
    assert.ok(cache.revision >= store.revision - 1);
    cache.close();
  }
});

etcdTest("does nothing for a revision that there is not", async (open) => {
  const store = await open();
  const cache = cacheOf(store);
  await cache.ready();
  const before = await store.freshRevision();
  await assert.rejects(cache.waitFor(before + 1_000_000, AbortSignal.timeout(300)));
  assert.equal(await store.freshRevision(), before);
  await create(store, "next");
  assert.equal(cache.count(PREFIX), 1);
  cache.close();
});

etcdTest("shows its own writes in its caches when they are acknowledged", async (open) => {
  const store = await open();
  const cache = cacheOf(store);
  await cache.ready();
  await Promise.all(
    range(200).map(async (i) => {
      const revision = await create(store, `thing-${i}`);
      assert.equal(cache.get(`${PREFIX}thing-${i}`)?.revision, revision);
    }),
  );
  cache.close();
});

etcdTest("keeps watches without a gap while etcd dies and comes back", async (open, members) => {
  const store = await open();
  const other = await open();
  const recorder = new Recorder();
  const following = Object.assign(new Recorder(), { omitPrevious: true });
  await store.watch(PREFIX, 0, recorder);
  await store.watch(PREFIX, 0, following);
  const acknowledged: number[] = [];
  for (const round of range(3)) {
    for (const i of range(20)) acknowledged.push(await create(other, `${round}-${i}`));
    await members.kill(0);
    // What certainly was not sent waits for a member; of what went down with one nobody knows.
    const waiting = create(other, `waiting-${round}`).then((at) => [at], (error) => {
      assert.ok(error instanceof StoreFailedError);
      return [];
    });
    await members.restart(0);
    acknowledged.push(...await waiting);
  }
  const last = await create(other, "last");
  // The two watches have streams of their own: neither promises to be as far as the other.
  const [seen, followed] = (await Promise.all(
    [recorder, following].map((each) => each.until(({ revision }) => revision === last)),
  )).map((events) => events.map(({ revision }) => revision));
  for (const revision of [...acknowledged, last]) {
    assert.ok(seen?.includes(revision), `${revision}`);
  }
  assert.deepEqual(followed, seen);
});

etcdTest("starts anew when compaction has overtaken it", async (open, members) => {
  const line = await CutLine.to(Number(new URL(members.endpoints[0] ?? "").port));
  try {
    const other = await open();
    const store = await open({ endpoints: [`http://127.0.0.1:${line.port}`] });
    const kept = await create(other, "kept");
    const gone = await create(other, "gone");
    const cache = cacheOf(store);
    await cache.ready();
    const ended = Promise.withResolvers<Error | undefined>();
    cache.watch(PREFIX, cache.revision, { events() {}, end: ended.resolve });
    const changes = Promise.withResolvers<string[]>();
    cache.watch(PREFIX, cache.revision, {
      events() {},
      reset: (events) =>
        changes.resolve(events.map(({ key, current }) => `${key} ${current?.index}`)),
      end() {},
    });
    await cache.waitFor(gone);
    line.cut();
    await other.write({ op: "delete", key: `${PREFIX}gone`, revision: gone });
    const value = bytes("changed");
    await other.write({ op: "update", key: `${PREFIX}kept`, value, revision: kept });
    const last = await create(other, "new");
    await other.compact(last);
    line.mend();
    assert.ok(await ended.promise instanceof CompactedError);
    assert.deepEqual(await changes.promise, [
      `${PREFIX}gone undefined`,
      `${PREFIX}kept changed`,
      `${PREFIX}new new`,
    ]);
    await cache.waitFor(last);
    assert.deepEqual([...cache.range(PREFIX)].map(({ index }) => index), ["changed", "new"]);
    await create(other, "after");
    await cache.waitFor(await store.freshRevision());
    assert.equal(cache.get(`${PREFIX}after`)?.index, "after");
    cache.close();
  } finally {
    await line.end();
  }
});

etcdTest("lists more than a message may hold", async (open) => {
  const store = await open();
  const count = 30;
  const value = (i: number) => new Uint8Array(1_200_000).fill(i);
  assert.ok(count * 1_200_000 > ANSWER_MAXIMUM_BYTES);
  await Promise.all(
    range(count).map(async (i) => {
      const key = `${PREFIX}${String(i).padStart(2, "0")}`;
      await store.write({ op: "create", key, value: value(i) });
    }),
  );
  const { entries, remaining } = await store.list(PREFIX);
  assert.deepEqual([entries.length, remaining], [count, 0]);
  assert.deepEqual(entries[29]?.value, value(29));
  const page = await store.list(PREFIX, { limit: 28 });
  assert.deepEqual([page.entries.length, page.remaining], [28, 2]);
});

etcdTest("says of a value that etcd finds too large just that", async (open) => {
  const store = await open();
  const value = new Uint8Array(VALUE_MAXIMUM_BYTES);
  await assert.rejects(store.write({ op: "create", key: `${PREFIX}x`, value }), ValueTooLargeError);
  assert.equal(await store.get(`${PREFIX}x`), undefined);
});

etcdTest("deletes what has outlived its time in real time", async (open) => {
  const store = await open();
  const recorder = new Recorder();
  await store.watch(PREFIX, 0, recorder);
  await create(store, "short", 1);
  await create(store, "kept");
  const events = await recorder.until(({ value }) => value === undefined);
  assert.equal(events.at(-1)?.key, `${PREFIX}short`);
  assert.equal((await store.list(PREFIX)).entries.length, 1);
});

etcdTest(
  "compacts by one of several servers, in turn with kube-apiservers",
  async (open, members) => {
    const clocks = [new FakeClock(), new FakeClock()];
    const stores = await Promise.all(
      clocks.map((clock) => open({ clock, history: { seconds: 60 } })),
    );
    const client = new EtcdClient({
      endpoints: members.endpoints.map((url) => new URL(url)),
      clock: systemClock,
      logger: silentLogger,
    });
    const turn = async (round: number) => {
      for (const clock of clocks) await clock.advance(60_000);
      for (;;) {
        const { entries } = await client.range(oneKey(bytes("compact_rev_key")));
        if (entries[0]?.version === round) return;
        await sleep(systemClock, 5);
      }
    };
    try {
      const [one, two] = stores as [Store, Store];
      const first = await create(one, "first");
      await turn(1);
      await two.freshRevision();
      const second = await create(two, "second");
      // What is compacted is what stood in the round before.
      await turn(2);
      while (Math.max(one.compactedRevision, two.compactedRevision) < first) {
        await sleep(systemClock, 5);
      }
      for (const store of stores) {
        await assert.rejects(store.list(PREFIX, { revision: first - 1 }), CompactedError);
        assert.equal((await store.list(PREFIX, { revision: second })).entries.length, 2);
      }
    } finally {
      client.close();
    }
  },
);

if (etcdIsThere) {
  Deno.test("openEtcdStore() says when no member can be reached", async () => {
    const clock = new FakeClock();
    const opening = openEtcdStore({
      endpoints: ["http://127.0.0.1:1"],
      clock,
      logger: silentLogger,
    });
    const refused = assert.rejects(opening, (error: unknown) => {
      assert.ok(error instanceof StoreFailedError);
      assert.match(error.message, /no member of etcd can be reached: 127\.0\.0\.1:1/);
      return true;
    });
    await clock.advance(11_000);
    await refused;
  });
}
