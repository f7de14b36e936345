import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger } from "../../base/mod.ts";
import { openKvStore, type Store } from "../../storage/mod.ts";
import { NodePorts } from "./node_ports.ts";
import { PortBitmap } from "./port_bitmap.ts";
import { PortClaims } from "./port_claims.ts";

const KEY = "/registry/ranges/servicenodeports";
const RANGE = { first: 30000, last: 30019 };
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const store = await openKvStore({ directory: "memory", clock, logger: silentLogger });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

Deno.test("PortBitmap is written as kube-apiserver writes it", () => {
  const cases: [number[], string][] = [
    [[], ""],
    [[30000], "01"],
    [[30001], "02"],
    [[30000, 30008], "0101"],
    [[30017], "020000"],
    [[30000, 30019], "080001"],
  ];
  for (const [ports, hex] of cases) {
    const bitmap = PortBitmap.decode(RANGE, undefined);
    for (const port of ports) assert.equal(bitmap.set(port, true), true);
    const stored = JSON.parse(new TextDecoder().decode(bitmap.encode()));
    assert.deepEqual(stored, {
      kind: "RangeAllocation",
      apiVersion: "v1",
      metadata: {},
      range: "30000-30019",
      data: Uint8Array.fromHex(hex).toBase64(),
    });
    assert.deepEqual(PortBitmap.decode(RANGE, bitmap.encode()).ports(), ports);
  }
});

Deno.test("PortBitmap refuses what is no allocation, and keeps what lies in its range", () => {
  const wrong = [text(null), text({}), text({ kind: "Pod" }), new TextEncoder().encode("{")];
  wrong.push(text({ kind: "RangeAllocation", range: "x", data: "" }));
  wrong.push(text({ kind: "RangeAllocation", range: "30000-30019", data: "!" }));
  for (const value of wrong) assert.throws(() => PortBitmap.decode(RANGE, value), /cannot be read/);
  const protobuf = PortBitmap.decode(RANGE, new TextEncoder().encode("k8s\0\n"));
  assert.deepEqual([protobuf.ports(), protobuf.changed], [[], true]);
  const other = text({ kind: "RangeAllocation", range: "29998-30019", data: btoa("\x05") });
  assert.deepEqual(PortBitmap.decode(RANGE, other).ports(), [30000]);
  const bitmap = PortBitmap.decode(RANGE, undefined);
  assert.deepEqual([bitmap.set(1, true), bitmap.set(1, false), bitmap.changed], [
    false,
    true,
    false,
  ]);
});

Deno.test("PortClaims gives a port to one of many, in few writes", () =>
  withStore(async (store) => {
    const servers = [1, 2, 3].map(() => new PortClaims(store, RANGE));
    const granted = await Promise.all(servers.flatMap((claims) => [
      claims.claim(30003),
      claims.claim(30004),
    ]));
    assert.equal(granted.filter((each) => each).length, 2);
    assert.ok(store.revision <= 3, `${store.revision} writes`);
    const [one, two] = servers as [PortClaims, PortClaims];
    assert.equal(await two.release(30003), true);
    assert.equal(await one.claim(30003), true);
    assert.equal(await two.claim(30003), false);
    assert.deepEqual(await two.taken(), [30003, 30004]);
    assert.ok(await store.get(KEY) !== undefined);
  }));

Deno.test("NodePorts gives back what nobody holds after a while, and claims what is held", () =>
  withStore(async (store) => {
    const claims = new PortClaims(store, RANGE);
    const ports = new NodePorts(RANGE, seededRandom(1), new PortClaims(store, RANGE));
    await claims.claim(30001);
    const repair = () => ports.repair(() => Promise.resolve(new Set([30002])));
    await repair();
    assert.deepEqual(await claims.taken(), [30001, 30002]);
    assert.equal(ports.isFree(30001), false);
    await assert.rejects(ports.take(30001, "me", false), /already allocated/);
    await repair();
    assert.deepEqual(await claims.taken(), [30001, 30002]);
    await repair();
    assert.deepEqual(await claims.taken(), [30002]);
    await ports.take(30001, "me", false);
    assert.deepEqual(await claims.taken(), [30001, 30002]);
  }));

Deno.test("NodePorts finds another port where a server was faster, and none when all are taken", () =>
  withStore(async (store) => {
    const claims = new PortClaims(store, RANGE);
    const ports = new NodePorts(RANGE, seededRandom(1), new PortClaims(store, RANGE));
    for (let port = 30000; port < 30015; port++) await claims.claim(port);
    const given = new Set<number>();
    for (let i = 0; i < 5; i++) given.add(await ports.next(`${i}`, false));
    assert.deepEqual([...given].sort(), [30015, 30016, 30017, 30018, 30019]);
    await assert.rejects(ports.next("more", false), /range is full/);
    await ports.release(30017, "x", false);
    assert.equal((await claims.taken()).length, 19);
    // A dry run asks nobody.
    const revision = store.revision;
    await assert.rejects(ports.next("dry", true), /range is full/);
    assert.equal(store.revision, revision);
  }));
