import assert from "node:assert/strict";
import { ApiError } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../../api/served.ts";
import { decodeContinue, encodeContinue } from "./continue_token.ts";
import { getObject } from "./get.ts";
import { listObjects } from "./list.ts";
import { ReadHarness } from "./read_harness.ts";

interface List {
  kind: string;
  apiVersion: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: {
    kind?: string;
    metadata: { name: string; namespace?: string; resourceVersion: string };
  }[];
}

const pod = (namespace: string, name: string, node = "", labels: Record<string, string> = {}) => ({
  metadata: { name, namespace, labels, annotations: { odd: '{"a\\\\":"}"}\\\\' } },
  spec: { nodeName: node, containers: [{ name: "c", image: "i" }] },
  status: { phase: "Running", message: 'a "}{" b' },
});

async function filled(): Promise<ReadHarness> {
  const harness = await ReadHarness.open("", "v1", "pods");
  await harness.put(pod("a", "one", "n1", { app: "x" }));
  await harness.put(pod("a", "two", "n2", { app: "y" }));
  await harness.put(pod("b", "three", "n1", { app: "x" }));
  await harness.put(pod("b", "three-more", "n2"));
  return harness;
}

const list = async (harness: ReadHarness, url: string, headers = {}): Promise<List> =>
  await (await listObjects(harness.read(url, headers), harness.services)).json();

const names = ({ items }: List) => items.map(({ metadata }) => metadata.name).join(" ");

Deno.test("listObjects() selects by namespace, labels, fields and name", async () => {
  const harness = await filled();
  const cases: [string, string][] = [
    ["/api/v1/pods", "one two three three-more"],
    ["/api/v1/pods?resourceVersion=0&limit=1", "one two three three-more"],
    ["/api/v1/namespaces/a/pods", "one two"],
    ["/api/v1/namespaces/c/pods", ""],
    ["/api/v1/pods?labelSelector=app%3Dx", "one three"],
    ["/api/v1/pods?labelSelector=!app", "three-more"],
    ["/api/v1/pods?fieldSelector=spec.nodeName%3Dn2", "two three-more"],
    ["/api/v1/pods?fieldSelector=metadata.name%3Dthree", "three"],
    ["/api/v1/namespaces/b/pods?fieldSelector=metadata.name%3Dthree", "three"],
    ["/api/v1/namespaces/b/pods?fieldSelector=metadata.name%3Dthree&limit=1", "three"],
    ["/api/v1/namespaces/b/pods?fieldSelector=metadata.name%3Dthree,spec.nodeName%3Dn2", ""],
    ["/api/v1/pods?resourceVersion=2&resourceVersionMatch=Exact", "one two"],
    [
      "/api/v1/pods?resourceVersion=3&resourceVersionMatch=Exact&labelSelector=app%3Dx",
      "one three",
    ],
    [
      "/api/v1/pods?resourceVersion=2&resourceVersionMatch=NotOlderThan",
      "one two three three-more",
    ],
  ];
  for (const [url, expected] of cases) assert.equal(names(await list(harness, url)), expected, url);
  await harness.close();
});

Deno.test("listObjects() tells kinds on the list alone, and a revision", async () => {
  const harness = await filled();
  const all = await list(harness, "/api/v1/pods");
  assert.deepEqual([all.kind, all.apiVersion, all.metadata], [
    "PodList",
    "v1",
    { resourceVersion: "4" },
  ]);
  assert.equal(all.items[0]?.kind, undefined);
  assert.equal(all.items[2]?.metadata.resourceVersion, "3");
  await harness.close();
});

Deno.test("listObjects() gives pages of one state, whatever is written in between", async () => {
  const harness = await filled();
  const first = await list(harness, "/api/v1/pods?limit=1");
  assert.equal(names(first), "one");
  assert.equal(first.metadata.remainingItemCount, 3);
  const quiet = await list(harness, `/api/v1/pods?limit=1&continue=${first.metadata.continue}`);
  assert.deepEqual([names(quiet), quiet.metadata.remainingItemCount], ["two", 2]);
  await harness.put(pod("a", "zero"));
  await harness.delete("b", "three");
  const second = await list(harness, `/api/v1/pods?limit=2&continue=${first.metadata.continue}`);
  assert.equal(names(second), "two three");
  assert.deepEqual([second.metadata.resourceVersion, second.metadata.remainingItemCount], ["4", 1]);
  const third = await list(harness, `/api/v1/pods?limit=2&continue=${second.metadata.continue}`);
  assert.equal(names(third), "three-more");
  assert.deepEqual(third.metadata, { resourceVersion: "4" });

  const selected = await list(harness, "/api/v1/pods?limit=1&labelSelector=app%3Dx");
  assert.equal(selected.metadata.remainingItemCount, undefined);
  await harness.close();
});

Deno.test("listObjects() of a page that history has lost hands out a token to go on", async () => {
  const harness = await filled();
  const first = await list(harness, "/api/v1/pods?limit=1");
  for (let i = 0; i < 5; i++) await harness.put(pod("a", `more-${i}`));
  await harness.store.compact(harness.store.revision);
  const error = await fails(
    listObjects(
      harness.read(`/api/v1/pods?limit=2&continue=${first.metadata.continue}`),
      harness.services,
    ),
  );
  assert.deepEqual([error.code, error.reason], [410, "Expired"]);
  const token = error.listMeta?.continue ?? "";
  assert.deepEqual(decodeContinue(token), { revision: -1, after: "a/one" });
  const next = await list(harness, `/api/v1/pods?limit=1&continue=${token}`);
  assert.equal(names(next), "two");
  assert.equal(next.metadata.resourceVersion, String(harness.resource.cache.revision));
  await harness.close();
});

Deno.test("listObjects() and getObject() refuse as upstream does", async () => {
  const harness = await filled();
  const cases: [string, number, string, string?][] = [
    ["/api/v1/pods?limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["/api/v1/pods?labelSelector=a%20b", 400, "unable to parse"],
    ["/api/v1/pods?fieldSelector=spec.x%3Dy", 400, "field label not supported: spec.x"],
    [
      "/api/v1/pods?resourceVersionMatch=Exact",
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ' +
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    ],
    ["/api/v1/pods?resourceVersion=0&resourceVersionMatch=Exact", 422, "is forbidden for"],
    ["/api/v1/pods?sendInitialEvents=true", 422, "sendInitialEvents is forbidden for list"],
    ["/api/v1/pods?resourceVersion=x", 400, "invalid resource version"],
    ["/api/v1/pods?continue=x", 400, "invalid continue token"],
    [
      `/api/v1/pods?resourceVersion=1&continue=${encodeContinue({ revision: 1, after: "a" })}`,
      400,
      "specifying resource version is not allowed when using continue",
    ],
    ["/api/v1/pods", 406, "only the following media types are accepted", "text/html"],
  ];
  for (const [url, code, message, accept = "application/json"] of cases) {
    const error = await fails(listObjects(harness.read(url, { accept }), harness.services));
    assert.equal(error.code, code, url);
    assert.ok(error.message.includes(message), `${url}: ${error.message}`);
  }
  const gone = await fails(
    getObject(harness.read("/api/v1/namespaces/a/pods/none"), harness.services),
  );
  assert.deepEqual([gone.code, gone.message], [404, 'pods "none" not found']);
  await harness.close();
});

Deno.test("listObjects() waits three seconds for a revision of the future", async () => {
  const harness = await filled();
  const failing = fails(
    listObjects(harness.read("/api/v1/pods?resourceVersion=99"), harness.services),
  );
  while (harness.clock.pending === 0) await Promise.resolve();
  await harness.clock.advance(3000);
  const error = await failing;
  assert.deepEqual([error.code, error.message], [
    504,
    "Timeout: Too large resource version: 99, current: 4",
  ]);
  assert.equal(error.details?.causes?.[0]?.reason, "ResourceVersionTooLarge");
  await harness.close();
});

Deno.test("tables, metadata, YAML and protobuf show the same objects", async () => {
  const harness = await filled();
  const meta = "g=meta.k8s.io;v=v1";
  const table = await (await listObjects(
    harness.read("/api/v1/pods", { accept: `application/json;as=Table;${meta},application/json` }),
    harness.services,
  )).json();
  assert.equal(table.kind, "Table");
  assert.equal(table.rows.length, 4);
  assert.equal(table.columnDefinitions[0].name, "Name");
  assert.deepEqual(table.rows[1].cells[0], "two");
  assert.deepEqual(table.rows[1].object.kind, "PartialObjectMetadata");
  assert.equal(table.rows[1].object.metadata.labels.app, "y");

  const metadata = await (await listObjects(
    harness.read("/api/v1/pods?limit=1", {
      accept: `application/json;as=PartialObjectMetadataList;${meta}`,
    }),
    harness.services,
  )).json();
  assert.equal(metadata.kind, "PartialObjectMetadataList");
  assert.deepEqual(Object.keys(metadata.items[0]), ["kind", "apiVersion", "metadata"]);
  assert.equal(metadata.items[0].metadata.name, "one");

  const path = "/api/v1/namespaces/a/pods/one";
  const one = async (accept: string, query = "") =>
    await getObject(harness.read(path + query, { accept }), harness.services);
  assert.match(await (await one("application/yaml")).text(), /\n {2}message: ['"]?a/);
  assert.match(await (await one("application/json", "?pretty=true")).text(), /^\{\n {2}"kind"/);
  const bytes = new Uint8Array(
    await (await one("application/vnd.kubernetes.protobuf")).arrayBuffer(),
  );
  assert.deepEqual([...bytes.subarray(0, 4)], [0x6b, 0x38, 0x73, 0]);
  const both = await one("application/vnd.kubernetes.protobuf,application/json");
  assert.equal(both.headers.get("content-type"), "application/vnd.kubernetes.protobuf");
  const row = await (await one(`application/json;as=Table;${meta}`, "?includeObject=None")).json();
  assert.deepEqual([row.rows.length, row.rows[0].object], [1, null]);
  await harness.close();
});

Deno.test("another version of a kind is converted, also from history", async () => {
  const harness = await ReadHarness.open("", "v1", "events");
  const definition = BUILTIN_KINDS.find((each) =>
    each.group === "events.k8s.io" && each.plural === "events"
  );
  assert.ok(definition);
  const event = (name: string) => ({
    metadata: { name, namespace: "a" },
    involvedObject: { kind: "Pod", name: "p" },
    message: "text",
  });
  await harness.put(event("one"));
  await harness.put(event("two"));
  for (const query of ["", "?resourceVersion=1&resourceVersionMatch=Exact"]) {
    const read = harness.read(`/apis/events.k8s.io/v1/events${query}`, {}, definition);
    const found = await (await listObjects(read, harness.services)).json();
    assert.equal(found.apiVersion, "events.k8s.io/v1");
    assert.equal(found.items[0].note, "text");
    assert.equal(found.items[0].regarding.name, "p");
    assert.equal(found.items[0].apiVersion, undefined);
  }
  await harness.close();
});

async function fails(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    return error;
  }
  assert.fail("it must fail");
}
