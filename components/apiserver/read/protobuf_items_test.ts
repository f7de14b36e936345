import assert from "node:assert/strict";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { decodeAnyProtobuf, type KubeObject, protobufBody } from "../../api/mod.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { getObject } from "./get.ts";
import { listObjects } from "./list.ts";
import { ProtobufItems } from "./protobuf_items.ts";
import { ReadHarness } from "./read_harness.ts";

const entry = (name: string, bytes: number): StoredObject => ({
  key: name,
  revision: 1,
  bytes: new Uint8Array(bytes),
  index: { name, labels: {}, fields: {} } as unknown as StoredObject["index"],
});

Deno.test("a message is written once for each form, until others have taken its place", () => {
  const items = new ProtobufItems(4000);
  const written: string[] = [];
  const ask = (of: StoredObject, form = "v1") =>
    items.message(of, form, () => {
      written.push(`${of.key} ${form}`);
      return new Uint8Array(200);
    });
  const [a, b, c] = [entry("a", 500), entry("b", 500), entry("c", 1500)];
  ask(a);
  ask(b);
  assert.equal(ask(a), ask(a));
  assert.deepEqual(written.splice(0), ["a v1", "b v1"]);
  // Too much for three: the one asked for longest ago goes.
  ask(c);
  ask(entry("d", 10));
  ask(a);
  assert.deepEqual(written.splice(0), ["c v1", "d v1"]);
  ask(b);
  assert.deepEqual(written.splice(0), ["b v1"]);
  ask(a, "v2");
  ask(a, "v2");
  ask(a);
  assert.deepEqual(written.splice(0), ["a v2", "a v1"]);
  assert.ok(items.weight <= 4000);
  // One that alone is too much is answered, and not kept.
  const big = entry("big", 5000);
  ask(big);
  ask(big);
  assert.deepEqual(written, ["big v1", "big v1"]);
  assert.equal(items.weight, 0);
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
    for (let again = 0; again < 2; again++) {
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
