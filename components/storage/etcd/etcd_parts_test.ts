import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { Write } from "../store.ts";
import { EtcdError } from "./etcd_error.ts";
import { EtcdKeys, rangeOf } from "./etcd_keys.ts";
import { EtcdLeases } from "./etcd_leases.ts";
import { FreshRevision } from "./fresh_revision.ts";
import { decodeTxn, decodeWatch, encodeRange, encodeTxn, encodeWatchCreate } from "./messages.ts";
import { OwnWrites } from "./own_writes.ts";
import { allTellProgress, tellsProgress } from "./progress_trust.ts";

const text = new TextEncoder();
const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("tellsProgress() knows the versions that were mended", () => {
  const cases: [string, boolean][] = [
    ["3.4.23", false],
    ["3.4.30", false],
    ["3.4.31", true],
    ["3.5.0", false],
    ["3.5.12", false],
    ["3.5.13", true],
    ["3.5.13-rc.1", true],
    ["3.6.0", true],
    ["3.3.27", false],
    ["4.0.0", true],
    ["2.3.8", false],
    ["", false],
    ["3.6", false],
    ["not a version", false],
  ];
  for (const [version, expected] of cases) assert.equal(tellsProgress(version), expected, version);
  const status = (version: string) => ({ version, databaseBytes: 0, member: 1n, leader: 1n });
  assert.equal(allTellProgress([status("3.5.13"), status("3.6.1")]), true);
  assert.equal(allTellProgress([status("3.5.13"), status("3.4.23")]), false);
  assert.equal(allTellProgress([status("3.5.13"), undefined]), false);
});

Deno.test("rangeOf() ends where the prefix ends", () => {
  const cases: [string, string][] = [["/a/", "2f6130"], ["a", "62"], ["é", "c3aa"]];
  for (const [prefix, end] of cases) assert.equal(hex(rangeOf(prefix).end), end, prefix);
});

Deno.test("EtcdKeys puts a prefix in the root's place", () => {
  const keys = new EtcdKeys("/elsewhere", "/registry");
  assert.equal(hex(keys.key("/registry/pods/a/b")), hex(text.encode("/elsewhere/pods/a/b")));
  assert.equal(keys.text(text.encode("/elsewhere/pods/a/b")), "/registry/pods/a/b");
  const cases: [string, string | undefined, string, string][] = [
    ["/registry/pods/", undefined, "/elsewhere/pods/", "/elsewhere/pods0"],
    ["/registry/pods/", "/registry/pods/a", "/elsewhere/pods/a\0", "/elsewhere/pods0"],
    ["/registry/pods/", "/registry/a", "/elsewhere/pods/", "/elsewhere/pods0"],
    ["", undefined, "/elsewhere/", "/elsewhere0"],
  ];
  for (const [prefix, after, key, end] of cases) {
    const range = keys.range(prefix, after);
    assert.deepEqual([hex(range.key), hex(range.end)], [key, end].map((s) => hex(text.encode(s))));
  }
});

Deno.test("requests are written as etcd reads them", () => {
  const key = text.encode("k");
  const cases: [Uint8Array, string][] = [
    [
      encodeRange({ key, end: text.encode("l"), limit: 2, revision: 300 }),
      "0a016b12016c180220ac02",
    ],
    [encodeRange({ key, end: new Uint8Array(), countOnly: true }), "0a016b4801"],
    [
      // A comparison with revision 0 has its 0 in it.
      encodeTxn({
        key,
        compare: { target: "modRevision", value: 0 },
        success: { op: "put", value: text.encode("v"), lease: 5n },
      }),
      "0a0710021a016b3000" + "120a" + "12080a016b1201761805" + "1a050a030a016b",
    ],
    [
      encodeWatchCreate({ key, end: text.encode("l"), startRevision: 7, previous: true }),
      "0a0c" + "0a016b12016c1807" + "3001" + "4001",
    ],
  ];
  for (const [bytes, expected] of cases) assert.equal(hex(bytes), expected);
});

Deno.test("answers are read, and members that nobody knows passed over", () => {
  // Header with revision 9, succeeded false, one response: a range with k = v at revision 4; an unknown member 15.
  const bytes = Uint8Array.fromHex("0a0218091a0c0a0a12080a016b18042a01767a0161");
  const { current, ...rest } = decodeTxn(bytes);
  assert.deepEqual(rest, { revision: 9, succeeded: false });
  assert.equal(current?.modRevision, 4);
  assert.deepEqual(current?.value, text.encode("v"));
  const watch = decodeWatch(Uint8Array.fromHex("0a02180920012805"));
  assert.deepEqual([watch.revision, watch.canceled, watch.compactRevision], [9, true, 5]);
  assert.throws(() => decodeTxn(Uint8Array.fromHex("0aff")));
});

Deno.test("EtcdLeases puts keys with about the same end on one lease", async () => {
  const clock = new FakeClock();
  const granted: number[] = [];
  const leases = new EtcdLeases(clock, (seconds) => {
    granted.push(seconds);
    return Promise.resolve(BigInt(granted.length));
  });
  assert.deepEqual(await Promise.all([leases.get(3600), leases.get(3600)]), [1n, 1n]);
  await clock.advance(59_000);
  assert.equal(await leases.get(3600), 1n);
  await clock.advance(2_000);
  assert.equal(await leases.get(3600), 2n, "none ends before its time");
  assert.equal(await leases.get(15), 3n);
  assert.deepEqual(granted, [3660, 3660, 15]);
  for (let i = 1; i < 1000; i++) await leases.get(3600);
  assert.equal(await leases.get(3600), 4n, "not too many on one");
  leases.forget(3600);
  assert.equal(await leases.get(3600), 5n);
});

Deno.test("EtcdLeases tries again after a failure", async () => {
  let fail = true;
  const leases = new EtcdLeases(new FakeClock(), () => {
    if (fail) return Promise.reject(new EtcdError(14, "away"));
    return Promise.resolve(7n);
  });
  const both = await Promise.allSettled([leases.get(60), leases.get(60)]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  fail = false;
  assert.equal(await leases.get(60), 7n);
});

Deno.test("FreshRevision asks once for all, and never answers with what was asked before", async () => {
  const asked: PromiseWithResolvers<number>[] = [];
  const fresh = new FreshRevision(() => {
    const question = Promise.withResolvers<number>();
    asked.push(question);
    return question.promise;
  });
  const first = fresh.get();
  const second = [fresh.get(), fresh.get()];
  assert.equal(asked.length, 1);
  asked[0]?.resolve(5);
  assert.equal(await first, 5);
  await Promise.resolve();
  assert.equal(asked.length, 2);
  const third = fresh.get();
  asked[1]?.reject(new Error("away"));
  for (const one of second) await assert.rejects(one, /away/);
  await Promise.resolve();
  assert.equal(asked.length, 3);
  asked[2]?.resolve(8);
  assert.equal(await third, 8);
});

Deno.test("EtcdError says what is known of a call", () => {
  const cases: [EtcdError, Partial<EtcdError>][] = [
    [new EtcdError(14, "etcdserver: no leader"), { undone: true, passing: true }],
    [new EtcdError(14, "No connection established. Last error: x"), { undone: true }],
    [new EtcdError(14, "Connection dropped"), { undone: false, passing: true }],
    [new EtcdError(14, "etcdserver: request timed out"), { undone: false, timedOut: true }],
    [new EtcdError(14, "etcdserver: leader changed"), { undone: false, passing: true }],
    [new EtcdError(4, "late"), { undone: false, timedOut: true, passing: false }],
    [new EtcdError(3, "etcdserver: request is too large"), { undone: true, tooLarge: true }],
    [new EtcdError(8, "etcdserver: mvcc: database space exceeded"), {
      undone: true,
      tooLarge: false,
    }],
    [
      new EtcdError(11, "etcdserver: mvcc: required revision has been compacted"),
      { undone: true, compacted: true },
    ],
    [
      new EtcdError(11, "etcdserver: mvcc: required revision is a future revision"),
      { undone: true, compacted: false },
    ],
    [new EtcdError(13, "broken"), { undone: false }],
  ];
  for (const [error, expected] of cases) {
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(error[name as keyof EtcdError], value, `${error.details}: ${name}`);
    }
  }
});

Deno.test("OwnWrites sends one write of a key at a time, and refuses what rests on what is no more", async () => {
  const clock = new FakeClock();
  const writes = new OwnWrites(clock);
  const sent: { readonly done: PromiseWithResolvers<number>; readonly name: string }[] = [];
  const run = (name: string, write: Write) =>
    writes.run(write, () => {
      const done = Promise.withResolvers<number>();
      sent.push({ done, name });
      return done.promise;
    }, ({ entry }) => {
      throw new Error(`lost against ${entry?.revision}`);
    });
  const put = (revision: number): Write => ({
    op: "update",
    key: "k",
    value: text.encode("v"),
    revision,
  });
  const first = run("first", put(1));
  const second = run("second", put(1));
  const other = run("other", { op: "delete", key: "other", revision: 1 });
  const create = run("create", { op: "create", key: "k", value: text.encode("v") });
  assert.deepEqual(sent.map(({ name }) => name), ["first", "other"]);
  sent[0]?.done.resolve(5);
  sent[1]?.done.resolve(6);
  assert.equal(await first, 5);
  assert.equal(await other, 6);
  await assert.rejects(second, /lost against 5/);
  await assert.rejects(create, /lost against 5/);

  // Of what failed nobody knows, so that the next one has to ask; after a delete only a create fits.
  const failing = run("failing", put(5));
  const asking = run("asking", { op: "delete", key: "k", revision: 5 });
  const late = run("late", put(5));
  const anew = run("anew", { op: "create", key: "k", value: text.encode("v") });
  sent[2]?.done.reject(new EtcdError(14, "away"));
  await assert.rejects(failing, /away/);
  assert.equal(sent.at(-1)?.name, "asking");
  sent.at(-1)?.done.resolve(8);
  assert.equal(await asking, 8);
  await assert.rejects(late, /lost against undefined/);
  assert.equal(sent.at(-1)?.name, "anew");
  const again = text.encode("v");
  assert.notEqual(writes.own("k", again), again, "the array that was written is kept");
  assert.equal(writes.own("k", text.encode("w")).length, 1);
  assert.equal(writes.own("x", again), again);
  const waiting = run("waiting", put(9));
  await clock.advance(10_001);
  sent.at(-1)?.done.resolve(9);
  assert.equal(await anew, 9);
  await assert.rejects(waiting, /did not take writes before this one/);
  assert.equal(writes.own("k", again), again);
});
