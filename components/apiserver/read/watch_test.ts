import assert from "node:assert/strict";
import { ReadHarness, WatchLines } from "./read_harness.ts";
import { watchObjects } from "./watch.ts";

const pod = (name: string, node = "", labels: Record<string, string> = {}) => ({
  metadata: { name, namespace: "a", labels },
  spec: { nodeName: node, containers: [] },
});

const watch = async (harness: ReadHarness, query: string, headers = {}, path = "/api/v1/pods") =>
  new WatchLines(
    await watchObjects(harness.read(`${path}?watch=true${query}`, headers), harness.services),
  );

Deno.test("watchObjects() sends the state, then every event after it", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  await harness.put(pod("one"));
  const cases: [string, string[]][] = [
    ["", ["ADDED one@1", "ADDED two@2", "MODIFIED one@3", "DELETED two@4"]],
    ["&resourceVersion=0", ["ADDED one@1", "ADDED two@2", "MODIFIED one@3", "DELETED two@4"]],
    ["&resourceVersion=1", ["ADDED two@2", "MODIFIED one@3", "DELETED two@4"]],
    ["&resourceVersion=2", ["MODIFIED one@3", "DELETED two@4"]],
  ];
  const watches = await Promise.all(cases.map(([query]) => watch(harness, query)));
  await harness.put(pod("two"));
  await harness.put(pod("one", "n1"));
  await harness.delete("a", "two");
  for (const [i, [query, expected]] of cases.entries()) {
    assert.deepEqual(await watches[i]?.take(expected.length), expected, query);
  }
  const late = await watch(harness, "&resourceVersion=1");
  assert.deepEqual(await late.take(3), ["ADDED two@2", "MODIFIED one@3", "DELETED two@4"]);
  await harness.close();
  assert.equal(await late.next(), undefined);
});

Deno.test("watchObjects() shows what enters and leaves a selection", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const queries = [
    "&labelSelector=app%3Dx",
    "&fieldSelector=spec.nodeName%3Dn1",
    "&fieldSelector=spec.nodeName%3Dn1&labelSelector=app%3Dx",
  ];
  const watches = await Promise.all(queries.map((query) => watch(harness, query)));
  await harness.put(pod("one"));
  await harness.put(pod("one", "n1", { app: "x" }));
  await harness.put(pod("one", "n1", { app: "x", more: "y" }));
  await harness.put(pod("two", "n2", { app: "z" }));
  await harness.put(pod("one", "n2"));
  const expected = ["ADDED one@2", "MODIFIED one@3", "DELETED one@5"];
  for (const [i, query] of queries.entries()) {
    assert.deepEqual(await watches[i]?.take(3), expected, query);
  }
  const again = await watch(harness, "&fieldSelector=spec.nodeName%3Dn2");
  assert.deepEqual(await again.take(2), ["ADDED one@5", "ADDED two@4"]);
  const past = await watch(harness, "&resourceVersion=2&fieldSelector=spec.nodeName%3Dn1");
  assert.deepEqual(await past.take(2), ["MODIFIED one@3", "DELETED one@5"]);
  await harness.close();
});

Deno.test("watchObjects() follows one name", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const path = "/api/v1/namespaces/a/pods";
  const lines = await watch(harness, "&fieldSelector=metadata.name%3Done", {}, path);
  await harness.put(pod("one-more"));
  await harness.put(pod("one"));
  await harness.delete("a", "one");
  assert.deepEqual(await lines.take(2), ["ADDED one@2", "DELETED one@3"]);
  await harness.close();
});

Deno.test("watchObjects() tells the end of the initial events, and bookmarks each minute", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  await harness.put(pod("one"));
  const lines = await watch(
    harness,
    "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
  );
  assert.deepEqual(await lines.take(1), ["ADDED one@1"]);
  assert.deepEqual(await lines.next(), {
    type: "BOOKMARK",
    object: {
      kind: "Pod",
      apiVersion: "v1",
      metadata: {
        resourceVersion: "1",
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    },
  });
  await harness.put(pod("two"));
  assert.deepEqual(await lines.take(1), ["ADDED two@2"]);
  await harness.clock.advance(60_000);
  assert.deepEqual(await lines.take(1), ["BOOKMARK @2"]);
  await harness.close();
});

Deno.test("watchObjects() ends in time, after a last bookmark", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const lines = await watch(harness, "&timeoutSeconds=10&allowWatchBookmarks=true");
  await harness.put(pod("one"));
  assert.deepEqual(await lines.take(1), ["ADDED one@1"]);
  await harness.clock.advance(10_000);
  assert.deepEqual(await lines.take(2), ["BOOKMARK @1"]);
  assert.equal(harness.clock.pending, 0);
  await harness.close();
});

Deno.test("watchObjects() leaves nothing behind when its client goes", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  for (const query of ["", "&fieldSelector=spec.nodeName%3Dn1", "&allowWatchBookmarks=true"]) {
    const lines = await watch(harness, query);
    assert.ok(harness.clock.pending > 0);
    await lines.cancel();
    assert.equal(harness.clock.pending, 0, query);
  }
  await harness.put(pod("one", "n1"));
  await harness.close();
});

Deno.test("watchObjects() from a forgotten revision is an ERROR event with 410", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  for (let i = 0; i < 3; i++) await harness.put(pod(`p${i}`));
  harness.resource.cache.close();
  await harness.store.compact(3);
  const { ResourceStore } = await import("../registry/resource_store.ts");
  const prefix = harness.definition.storage?.prefix ?? "";
  const { logger } = harness.services;
  const fresh = new ResourceStore(harness.store, harness.definition, prefix, harness.clock, logger);
  await fresh.cache.ready();
  const read = { ...harness.read("/api/v1/pods?watch=true&resourceVersion=1"), resource: fresh };
  const lines = new WatchLines(await watchObjects(read, harness.services));
  const line = await lines.next();
  assert.deepEqual([line?.type, line?.object.code, line?.object.reason], ["ERROR", 410, "Expired"]);
  assert.equal(await lines.next(), undefined);
  fresh.cache.close();
  await harness.close();
});

Deno.test("watchObjects() ends a watcher that does not read, not the server", async () => {
  const harness = await ReadHarness.open("", "v1", "configmaps");
  const big = (at: number) => ({
    metadata: { name: "big", namespace: "a" },
    data: { text: `${at}`.padEnd(1_000_000, "x") },
  });
  const path = "/api/v1/configmaps";
  const slow = await watch(harness, "", {}, path);
  const quick = await watch(harness, "", {}, path);
  for (let at = 1; at <= 12; at++) {
    await harness.put(big(at));
    assert.equal((await quick.take(1))[0]?.endsWith(`@${at}`), true);
  }
  let seen = 0;
  while (await slow.next() !== undefined) seen++;
  assert.ok(seen < 12, `${seen} events were kept for it`);
  await harness.put(big(13));
  assert.deepEqual(await quick.take(1), ["MODIFIED big@13"]);
  await harness.close();
});

Deno.test("watchObjects() as a table tells its columns once", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const lines = await watch(harness, "", {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
  });
  await harness.put(pod("one"));
  await harness.put(pod("two"));
  const [first, second] = [await lines.next(), await lines.next()] as unknown as {
    type: string;
    object: { columnDefinitions: unknown[] | null; rows: { cells: unknown[] }[] };
  }[];
  assert.ok(Array.isArray(first?.object.columnDefinitions));
  assert.equal(second?.object.columnDefinitions, null);
  assert.equal(second?.object.rows[0]?.cells[0], "two");
  await harness.close();
});

Deno.test("watchObjects() as metadata leaves out the rest, in protobuf too", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const lines = await watch(harness, "", {
    accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  });
  const response = await watchObjects(
    harness.read("/api/v1/pods?watch=true", { accept: "application/vnd.kubernetes.protobuf" }),
    harness.services,
  );
  assert.equal(
    response.headers.get("content-type"),
    "application/vnd.kubernetes.protobuf;stream=watch",
  );
  await harness.put(pod("one"));
  const line = await lines.next();
  assert.deepEqual(Object.keys(line?.object ?? {}), ["kind", "apiVersion", "metadata"]);
  const { value } = await response.body!.getReader().read();
  const length = new DataView(value!.buffer, value!.byteOffset).getUint32(0);
  assert.equal(length, value!.length - 4);
  await harness.close();
});
