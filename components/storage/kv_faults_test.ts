import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../base/mod.ts";
import { type KvDatabase, type KvMutation, openDenoKv } from "./kv_database.ts";
import { TABLE_CHUNK, TABLE_LOG } from "./kv_record.ts";
import { openKvStore } from "./kv_store.ts";
import { RECOVERY_INTERVAL_MILLISECONDS } from "./kv_writer.ts";
import { type Store, StoreFailedError, StoreFormatError, StoreLockedError } from "./store.ts";
import { bytes, pattern, range, Recorder, text } from "./store_suite.ts";

/** Deno KV with a tester's hand on `commit`. */
class FaultyDatabase implements KvDatabase {
  readonly commits: (readonly KvMutation[])[] = [];
  /** Replaces a commit; call `carryOut` for the real one. */
  fault: ((carryOut: () => Promise<void>, commit: number) => Promise<void>) | undefined;

  constructor(readonly inner: KvDatabase) {}

  commit(mutations: readonly KvMutation[]): Promise<void> {
    this.commits.push(mutations);
    const carryOut = () => this.inner.commit(mutations);
    return this.fault === undefined ? carryOut() : this.fault(carryOut, this.commits.length);
  }

  read: KvDatabase["read"] = (keys) => this.inner.read(keys);
  scan: KvDatabase["scan"] = (...range) => this.inner.scan(...range);
  close(): void {
    this.inner.close();
  }
}

interface Bench {
  readonly clock: FakeClock;
  readonly directory: string;
  open(): Promise<{ store: Store; database: FaultyDatabase }>;
}

function test(name: string, run: (bench: Bench) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    const clock = new FakeClock();
    const opened: Store[] = [];
    const open = async () => {
      let database: FaultyDatabase | undefined;
      const store = await openKvStore({
        directory,
        clock,
        logger: silentLogger,
        holder: "the tester",
        open: async (path) => database = new FaultyDatabase(await openDenoKv(path)),
      });
      opened.push(store);
      assert.ok(database !== undefined);
      return { store, database };
    };
    try {
      await run({ clock, directory, open });
    } finally {
      for (const store of opened) await store.close();
      await Deno.remove(directory, { recursive: true });
    }
  });
}

const create = (key: string, value: Uint8Array = bytes(key)) =>
  ({ op: "create", key, value }) as const;

const full = () => Promise.reject(new Error("database or disk is full"));

async function keysIn(database: KvDatabase, table: string): Promise<number[]> {
  const keys: number[] = [];
  for await (const { key } of database.scan(table, 0)) keys.push(key[1] as number);
  return keys;
}

test("KvStore commits together what arrives while one commit is in flight", async ({ open }) => {
  const { store, database } = await open();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  database.fault = async (carryOut) => {
    begun.resolve();
    await gate.promise;
    await carryOut();
  };
  const first = store.write(create("/first"));
  await begun.promise;
  assert.equal(database.commits.length, 1);
  const others = range(200).map((i) => store.write(create(`/other-${i}`)));
  gate.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(database.commits.map(({ length }) => length), [1, 200]);
});

test("KvStore shows nothing that is not durable", async ({ open }) => {
  const { store, database } = await open();
  const old = await store.write(create("/a/x", bytes("old")));
  const recorder = new Recorder();
  await store.watch("/a/", old, recorder);
  const gate = Promise.withResolvers<void>();
  database.fault = async (carryOut) => {
    await gate.promise;
    await carryOut();
  };
  const update = store.write({ op: "update", key: "/a/x", value: bytes("new"), revision: old });
  const added = store.write(create("/a/y"));
  const conflict = store.write({ op: "delete", key: "/a/x", revision: old });
  let settled = false;
  conflict.catch(() => settled = true);
  assert.equal(text((await store.get("/a/x"))?.value ?? bytes("")), "old");
  assert.equal(await store.get("/a/y"), undefined);
  assert.deepEqual((await store.list("/a/")).entries.map(({ revision }) => revision), [old]);
  assert.equal(store.revision, old);
  assert.equal(recorder.seen.length, 0);
  assert.equal(settled, false, "a conflict with what is not durable is not told");
  gate.resolve();
  const revision = await update;
  assert.equal(store.revision, await added);
  assert.equal(recorder.seen.length, 2);
  await assert.rejects(conflict, { name: "RevisionMismatchError" });
  const error = await conflict.catch((error) => error);
  assert.equal(error.current.revision, revision);
});

for (const carriedOut of [false, true]) {
  const title = carriedOut ? "that was carried out all the same" : "on a full disk";
  test(`KvStore fails what rests on a failed commit ${title}, then recovers`, async (bench) => {
    const { store, database } = await bench.open();
    const kept = await store.write(create("/kept"));
    const recorder = new Recorder();
    await store.watch("", kept, recorder);
    database.fault = async (carryOut) => {
      if (carriedOut) await carryOut();
      await full();
    };
    const results = await Promise.allSettled([
      store.write(create("/x")),
      store.write(create("/x")),
      store.write({ op: "update", key: "/kept", value: bytes("2"), revision: kept }),
      store.write(create("/big", pattern(1_400_000, 1))),
    ]);
    for (const result of results) {
      assert.ok(result.status === "rejected" && result.reason instanceof StoreFailedError);
      assert.match(result.reason.message, /disk is full/);
    }
    const commits = database.commits.length;
    await assert.rejects(store.write(create("/y")), StoreFailedError);
    assert.equal(database.commits.length, commits, "not tried again at once");
    assert.equal(text((await store.get("/kept"))?.value ?? bytes("")), "/kept");
    await bench.clock.advance(RECOVERY_INTERVAL_MILLISECONDS);
    await assert.rejects(store.write(create("/y")), StoreFailedError);
    await bench.clock.advance(RECOVERY_INTERVAL_MILLISECONDS);
    database.fault = undefined;
    const revisions = await Promise.all([
      store.write(create("/x")),
      store.write({ op: "update", key: "/kept", value: bytes("3"), revision: kept }),
    ]);
    assert.ok(revisions.every((revision) => revision > kept));
    assert.deepEqual(recorder.seen.map(({ key }) => key), ["/x", "/kept"]);
    await store.close();
    const again = await bench.open();
    const { entries } = await again.store.list("");
    assert.deepEqual(entries.map(({ key, value }) => [key, text(value)]), [
      ["/kept", "3"],
      ["/x", "/x"],
    ]);
    assert.deepEqual(await keysIn(again.database, TABLE_CHUNK), []);
    assert.equal((await keysIn(again.database, TABLE_LOG)).length, 3);
  });
}

test("KvStore sweeps chunks whose record a crash kept from being written", async ({ open }) => {
  const { store, database } = await open();
  const kept = await store.write(create("/kept", pattern(100_000, 1)));
  database.fault = (carryOut, commit) => commit === 2 ? carryOut() : full();
  await assert.rejects(store.write(create("/big", pattern(1_400_000, 2))), StoreFailedError);
  assert.ok((await keysIn(database, TABLE_CHUNK)).length > 10, "chunks came first");
  await store.close();
  const again = await open();
  assert.deepEqual(await keysIn(again.database, TABLE_CHUNK), [kept, kept]);
  assert.equal(await again.store.get("/big"), undefined);
  assert.equal(again.store.revision, kept);
  await again.store.write(create("/big", pattern(1_300_000, 3)));
  assert.deepEqual((await again.store.get("/big"))?.value, pattern(1_300_000, 3));
});

test("KvStore removes from the disk what compaction forgets", async ({ open }) => {
  const { store, database } = await open();
  const kept = await store.write(create("/kept"));
  let revision = await store.write(create("/x", pattern(200_000, 0)));
  for (let i = 0; i < 700; i++) {
    revision = await store.write({ op: "update", key: "/x", value: bytes(`${i}`), revision });
  }
  const deleted = await store.write({ op: "delete", key: "/kept", revision: kept });
  await store.compact(deleted);
  assert.deepEqual(await keysIn(database, TABLE_LOG), [revision]);
  assert.deepEqual(await keysIn(database, TABLE_CHUNK), []);
});

test("KvStore finishes at the next start a compaction that was cut off", async ({ open }) => {
  const { store, database } = await open();
  let revision = await store.write(create("/x"));
  for (let i = 0; i < 700; i++) {
    revision = await store.write({ op: "update", key: "/x", value: bytes(`${i}`), revision });
  }
  const commits = database.commits.length;
  database.fault = (carryOut, commit) => commit === commits + 1 ? carryOut() : full();
  await store.compact(revision);
  const left = (await keysIn(database, TABLE_LOG)).length;
  assert.ok(left > 1 && left < 700);
  await store.close();
  const again = await open();
  assert.equal(again.store.compactedRevision, revision);
  await again.store.compact(revision);
  assert.deepEqual(await keysIn(again.database, TABLE_LOG), [revision]);
});

test("KvStore gives watchers previous values that are no longer in memory", async ({ open }) => {
  const { store } = await open();
  const revisions = await Promise.all(
    range(30).map((i) => store.write(create(`/big/${i}`, pattern(1_400_000, i)))),
  );
  const recorder = new Recorder();
  await store.watch("/big/", store.revision, recorder);
  const updates = range(3).map((i) =>
    store.write({ op: "update", key: `/big/${i}`, value: bytes("x"), revision: revisions[i] ?? 0 })
  );
  const last = Math.max(...await Promise.all(updates));
  const events = await recorder.until(({ revision }) => revision === last);
  assert.deepEqual(events.map(({ key }) => key), ["/big/0", "/big/1", "/big/2"]);
  events.forEach(({ previous }, i) => assert.deepEqual(previous?.value, pattern(1_400_000, i)));
});

test("KvStore refuses a second owner and names the first", async ({ open, directory }) => {
  const { store } = await open();
  await assert.rejects(open(), (error: unknown) => {
    assert.ok(error instanceof StoreLockedError);
    assert.equal(error.message, `${directory} is in use by the tester`);
    return true;
  });
  await store.write(create("/still-works"));
  await store.close();
  assert.ok(await (await open()).store.get("/still-works"));
});

test("KvStore refuses a newer format and a format it cannot read", async ({ open, directory }) => {
  await (await open()).store.close();
  for (const format of ["2\n", "nonsense", ""]) {
    await Deno.writeTextFile(`${directory}/format`, format);
    await assert.rejects(open(), StoreFormatError);
  }
  await Deno.remove(`${directory}/format`);
  await assert.rejects(open(), StoreFormatError);
  await Deno.writeTextFile(`${directory}/format`, "1\n");
  await open();
});

test("KvStore refuses writes after close", async ({ open }) => {
  const { store } = await open();
  const inFlight = store.write(create("/x"));
  await store.close();
  assert.equal(await inFlight, store.revision);
  await assert.rejects(store.write(create("/y")), StoreFailedError);
  await assert.rejects(store.watch("", 0, new Recorder()), StoreFailedError);
});

Deno.test("KvStore loses no acknowledged write to kill -9", async () => {
  const directory = await Deno.makeTempDir();
  const options = { directory, clock: new FakeClock(), logger: silentLogger };
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    const writer = new URL("./kv_crash_writer.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--unstable-kv", writer, directory, String(round)],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let rest = "";
    let killed = false;
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [key, revision] = line.split(" ");
        acknowledged.set(key ?? "", Number(revision));
      }
      if (killed || acknowledged.size < (round + 1) * 400) continue;
      child.kill("SIGKILL");
      killed = true;
    }
    assert.equal((await child.status).signal, "SIGKILL");
    const store = await openKvStore(options);
    try {
      const { entries } = await store.list("/");
      const found = new Map(entries.map((entry) => [entry.key, entry]));
      for (const [key, revision] of acknowledged) {
        assert.equal(found.get(key)?.revision, revision, `${key} is there`);
      }
      // What was not acknowledged may be there, but then whole.
      for (const { key, value } of entries) {
        assert.deepEqual(value, pattern(value.length, Number(key.split("-").at(-1)) & 0xff));
      }
    } finally {
      await store.close();
    }
  }
  await Deno.remove(directory, { recursive: true });
});
