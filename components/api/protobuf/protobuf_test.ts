import assert from "node:assert/strict";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ApiError, type JsonObject } from "../../base/mod.ts";
import { decodeDeleteOptions, decodeObject } from "../decode/mod.ts";
import { BUILTIN_KINDS, builtinKind } from "../kinds.ts";
import { readMessage } from "./decode.ts";
import { readEnvelope, writeEnvelope } from "./envelope.ts";
import { writeMessage } from "./encode.ts";
import { encodeProtobuf, ProtobufListWriter, writeWatchEvent } from "./mod.ts";
import { planOf } from "./plan.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";

function roundTrip(struct: string, object: JsonObject): JsonObject {
  return readMessage(writeMessage(object, struct), struct);
}

Deno.test("an object comes back from protobuf as it was", () => {
  const cases: [string, JsonObject][] = [
    ["core.v1.Pod", {
      metadata: {
        name: "a",
        labels: { a: "b", __proto__x: "c" },
        creationTimestamp: "2026-01-02T03:04:05Z",
        ownerReferences: [{
          apiVersion: "v1",
          kind: "Node",
          name: "n",
          uid: "u",
          controller: false,
        }],
        managedFields: [{ manager: "m", fieldsV1: { "f:spec": { "f:x": {} } } }],
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{
          name: "c",
          args: ["", "x"],
          livenessProbe: { httpGet: { port: "http" }, periodSeconds: 10 },
          readinessProbe: { tcpSocket: { port: 80 } },
          resources: { limits: { cpu: "100m", memory: "1Gi" } },
          securityContext: { runAsUser: 0, privileged: false },
          env: [{ name: "A", valueFrom: { secretKeyRef: { key: "k", name: "s" } } }],
        }],
        volumes: [{ name: "v", emptyDir: {} }, { name: "w", configMap: { name: "c" } }],
      },
      status: { phase: "Running" },
    }],
    ["core.v1.Secret", { data: { a: "AAEC/w==" }, type: "Opaque" }],
    ["coordination.v1.Lease", {
      spec: { holderIdentity: "", renewTime: "2026-01-02T03:04:05.123456Z" },
    }],
    ["apps.v1.ControllerRevision", { data: { spec: { a: [1, null] } }, revision: 3 }],
    ["apiextensions.v1.JSONSchemaProps", {
      type: "object",
      $ref: "#/x",
      properties: { a: { items: { type: "string" }, maximum: 1.5 }, b: { items: [{}, {}] } },
      additionalProperties: false,
      dependencies: { a: ["b", "c"], d: { type: "string" } },
      default: { x: 1 },
      enum: ["a", 1],
      "x-kubernetes-preserve-unknown-fields": true,
    }],
    ["authentication.v1.TokenReview", {
      spec: {},
      status: { authenticated: true, user: { extra: { k: ["a", "b"] } } },
    }],
    ["admissionregistration.v1.MatchResources", {
      resourceRules: [{ operations: ["*"], resources: ["pods"], scope: "*" }],
      namespaceSelector: {},
    }],
    ["apps.v1.RollingUpdateDeployment", { maxSurge: 0, maxUnavailable: "25%" }],
  ];
  for (const [struct, object] of cases) assert.deepEqual(roundTrip(struct, object), object, struct);
});

Deno.test("zeros that Go writes and JSON leaves out are left out", () => {
  const writer = new BinaryWriter();
  // spec { replicas 0 (a pointer), minReadySeconds 0, paused false }, metadata { name "", creationTimestamp {} }
  writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("")
    .tag(8, WireType.LengthDelimited).bytes(new Uint8Array()).join();
  writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(0)
    .tag(5, WireType.Varint).int32(0).tag(7, WireType.Varint).bool(false).join();
  assert.deepEqual(readMessage(writer.finish(), "apps.v1.Deployment"), {
    metadata: {},
    spec: { replicas: 0 },
  });
});

Deno.test("unknown field numbers are passed over, packed numbers read", () => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string("In");
  writer.tag(99, WireType.LengthDelimited).string("later");
  writer.tag(98, WireType.Varint).int32(1);
  writer.tag(2, WireType.LengthDelimited).fork().int32(3).int32(4).join();
  const struct = "core.v1.ContainerRestartRuleOnExitCodes";
  assert.deepEqual(readMessage(writer.finish(), struct), { operator: "In", values: [3, 4] });
});

Deno.test("decodeObject() reads protobuf bodies", () => {
  const pod = builtinKind({ group: "", version: "v1", kind: "Pod" });
  assert.ok(pod);
  const object = { metadata: { name: "a" }, spec: { nodeName: "n" } };
  const bytes = encodeProtobuf(object, pod);
  assert.ok(bytes);
  const options = { fieldValidation: "Strict" } as const;
  assert.deepEqual(decodeObject(bytes, PROTOBUF, pod, options).object, {
    apiVersion: "v1",
    kind: "Pod",
    ...object,
  });
  const refused: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /empty data/],
    [new TextEncoder().encode("{}"), /expected prefix \[107 56 115 0\]/],
    [bytes.subarray(0, bytes.length - 8), /^the object provided is unrecognized/],
    [
      writeEnvelope({ apiVersion: "v1", kind: "Node", raw: new Uint8Array() }),
      /Node in version "v1" cannot be handled as a Pod/,
    ],
    [
      writeEnvelope({ apiVersion: "v1", kind: "Pod", raw: Uint8Array.of(0x0a, 0x7f) }),
      /unrecognized/,
    ],
  ];
  for (const [body, message] of refused) {
    assert.throws(
      () => decodeObject(body, PROTOBUF, pod, options),
      (error) => error instanceof ApiError && error.code === 400 && message.test(error.message),
    );
  }
});

Deno.test("decodeDeleteOptions() takes any apiVersion, JSON and protobuf", () => {
  assert.deepEqual(decodeDeleteOptions(new Uint8Array(), null), {});
  const raw = writeMessage({ gracePeriodSeconds: 0 }, "meta.v1.DeleteOptions");
  const body = writeEnvelope({ apiVersion: "apps/v1", kind: "DeleteOptions", raw });
  assert.equal(decodeDeleteOptions(body, PROTOBUF).gracePeriodSeconds, 0);
  const json = new TextEncoder().encode('{"kind":"DeleteOptions","apiVersion":"policy/v1"}');
  assert.equal(decodeDeleteOptions(json, "application/json").kind, "DeleteOptions");
});

Deno.test("lists and watch events carry messages that are written already", async () => {
  const kind = { group: "", version: "v1", kind: "ConfigMap" };
  const writer = new ProtobufListWriter(kind);
  const json = new TextEncoder().encode('{"metadata":{"name":"a"}}');
  const item = writer.json(json, true);
  assert.ok(item);
  writer.message(item);
  assert.equal(writer.json(json, false), undefined);
  const { pieces, length } = writer.finish({ apiVersion: "v1", kind: "ConfigMapList" }, {
    resourceVersion: "7",
  });
  const body = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  assert.equal(body.length, length);
  const list = readEnvelope(body);
  assert.equal(list.kind, "ConfigMapList");
  const reader = new BinaryReader(list.raw);
  assert.deepEqual(reader.tag(), [1, WireType.LengthDelimited]);
  assert.deepEqual(readMessage(reader.bytes(), "meta.v1.ListMeta"), { resourceVersion: "7" });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(reader.tag(), [2, WireType.LengthDelimited]);
    assert.deepEqual(readMessage(reader.bytes(), "core.v1.ConfigMap"), { metadata: { name: "a" } });
  }
  assert.equal(reader.pos, reader.len);
  const one = encodeProtobuf({ metadata: { name: "a" } }, kind);
  assert.ok(one);
  const frame = writeWatchEvent("ADDED", one);
  assert.equal(new DataView(frame.buffer).getUint32(0), frame.length - 4);
});

Deno.test("every built-in kind and body has a plan", () => {
  for (const { schema, subresources } of BUILTIN_KINDS) {
    assert.ok(planOf(schema.name).members.size > 0, schema.name);
    for (const sub of subresources.values()) {
      assert.ok(planOf((sub.schema ?? schema).name).members.size > 0);
    }
  }
});

Deno.test("encodeProtobuf() knows Status and PartialObjectMetadata, and no custom kinds", () => {
  assert.ok(encodeProtobuf({}, { group: "", version: "v1", kind: "Status" }));
  assert.ok(
    encodeProtobuf({}, { group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata" }),
  );
  assert.equal(encodeProtobuf({}, { group: "example.com", version: "v1", kind: "Foo" }), undefined);
});
