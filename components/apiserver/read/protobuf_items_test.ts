import assert from "node:assert/strict";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { decodeAnyProtobuf, type KubeObject, protobufBody } from "../../api/served.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { getObject } from "./get.ts";
import { listObjects } from "./list.ts";
import { ProtobufItems } from "./protobuf_items.ts";
import { ReadHarness } from "./read_harness.ts";

const entry = (name: string, revision: number, bytes: number): StoredObject => ({
  key: name,
  revision,
  bytes: new Uint8Array(bytes),
  index: { name, labels: {}, fields: {} } as unknown as StoredObject["index"],
});

Deno.test("messages are kept for each form, until others have taken their place", () => {
  const items = new ProtobufItems(4000);
  const message = new Uint8Array(200);
  const has = (of: StoredObject, form = "v1") => items.get(of, form) !== undefined;
  const [a, b, c] = [entry("a", 1, 500), entry("b", 2, 500), entry("c", 3, 1500)];
  items.keep(a, "v1", message);
  items.keep(b, "v1", message);
  assert.deepEqual([has(a), has(a, "v2"), items.get(a, "v1") === message], [true, false, true]);
  // Too much for four: the one asked for longest ago goes.
  items.keep(c, "v1", message);
  items.keep(entry("d", 4, 10), "v1", message);
  assert.deepEqual([has(a), has(b), has(c)], [true, false, true]);
  items.keep(a, "v2", message);
  assert.deepEqual([has(a), has(a, "v2")], [false, true]);
  assert.ok(items.weight <= 4000);
  // One that alone is too much is not kept.
  items.keep(entry("big", 5, 5000), "v1", message);
  assert.equal(items.weight, 0);
});

Deno.test("what was asked for lately is worth to be kept; a walk over very many is not", () => {
  const items = new ProtobufItems();
  const page = Array.from({ length: 500 }, (_, i) => entry(`a${i}`, 1000 + i, 10));
  const wanted = (of: readonly StoredObject[]) => of.filter((each) => items.wants(each)).length;
  assert.deepEqual([wanted(page), wanted(page), wanted(page)], [0, 500, 500]);
  const walk = Array.from({ length: 20_000 }, (_, i) => entry(`b${i}`, 5000 + i, 10));
  assert.ok(wanted(walk) + wanted(walk) < 100);
});

Deno.test("gets and lists in protobuf show what was written last", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const headers = { accept: "application/vnd.kubernetes.protobuf" };
  const url = "/api/v1/namespaces/a/pods";
  const got = async () => {
    const answer = await getObject(harness.read(`${url}/one`, headers), harness.services);
    return decodeAnyProtobuf(new Uint8Array(await answer.arrayBuffer()));
  };
  const listed = async () => {
    const answer = await listObjects(harness.read(url, headers), harness.services);
    return onlyItem(new Uint8Array(await answer.arrayBuffer()));
  };
  for (const nodeName of ["n1", "n2", "n3"]) {
    const pod = {
      metadata: { name: "one", namespace: "a", uid: "u" },
      spec: { nodeName, containers: [] },
    };
    const revision = await harness.put(pod as KubeObject);
    const metadata = {
      name: "one",
      namespace: "a",
      uid: "u",
      resourceVersion: String(revision),
    };
    for (let again = 0; again < 3; again++) {
      const expected = { kind: "Pod", apiVersion: "v1", metadata, spec: { nodeName } };
      assert.deepEqual(await got(), expected);
      assert.deepEqual(await listed(), expected);
    }
  }
  await harness.close();
});

/** The one pod of a list's body. */
function onlyItem(body: Uint8Array): unknown {
  const list = messageOf(body);
  list.tag();
  list.bytes();
  assert.deepEqual(list.tag(), [2, WireType.LengthDelimited]);
  const raw = list.bytes();
  assert.equal(list.pos, list.len);
  return decodeAnyProtobuf(protobufBody(raw, { group: "", version: "v1", kind: "Pod" }));
}

/** Behind the four magic bytes, a message whose second field is the list. */
function messageOf(body: Uint8Array): BinaryReader {
  const reader = new BinaryReader(body.subarray(4));
  reader.tag();
  reader.bytes();
  assert.deepEqual(reader.tag(), [2, WireType.LengthDelimited]);
  return new BinaryReader(reader.bytes());
}
