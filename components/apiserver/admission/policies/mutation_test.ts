import assert from "node:assert/strict";
import type { JsonObject } from "../../../base/mod.ts";
import { BUILTIN_KINDS } from "../../../api/served.ts";
import { withConfiguration, withOperations } from "./mutation.ts";

const { schema } = BUILTIN_KINDS.find(({ kind, version }) => kind === "Pod" && version === "v1")!;
const POD: JsonObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", labels: { a: "b" } },
  spec: {
    containers: [{ name: "c", image: "i", ports: [{ containerPort: 1, protocol: "TCP" }] }],
    tolerations: [{ key: "k" }],
  },
};

function outcome(make: () => JsonObject): unknown {
  try {
    return make();
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("withConfiguration() merges as server-side apply", () => {
  const cases: [string, unknown, (result: JsonObject) => unknown, unknown][] = [
    ["nothing", {}, (pod) => pod, POD],
    [
      "a label beside the others",
      { metadata: { labels: { c: "d" } } },
      (pod) => (pod["metadata"] as JsonObject)["labels"],
      { a: "b", c: "d" },
    ],
    [
      "a container by its name",
      { spec: { containers: [{ name: "c", image: "j" }, { name: "d" }] } },
      (pod) => (pod["spec"] as JsonObject)["containers"],
      [{ name: "c", image: "j", ports: [{ containerPort: 1, protocol: "TCP" }] }, { name: "d" }],
    ],
    [
      "a large number",
      { spec: { activeDeadlineSeconds: 2n ** 60n } },
      (pod) => (pod["spec"] as JsonObject)["activeDeadlineSeconds"],
      2 ** 60,
    ],
    [
      "the kind is not for configurations",
      { kind: "Other", apiVersion: "v9" },
      (pod) => [pod["kind"], pod["apiVersion"]],
      ["Pod", "v1"],
    ],
  ];
  for (const [name, configuration, read, expected] of cases) {
    assert.deepEqual(read(withConfiguration(POD, configuration, schema)), expected, name);
  }
  assert.deepEqual(POD["metadata"], { name: "p", labels: { a: "b" } }, "what it is made of stays");
});

Deno.test("withConfiguration() refuses what would drop what others put there, and what does not fit", () => {
  const atomic = (place: string) =>
    `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${place}`;
  const cases: [unknown, string][] = [
    [{ spec: { tolerations: [{ key: "l" }] } }, atomic(".spec.tolerations")],
    [{ spec: { nodeSelector: { a: "b" } } }, atomic(".spec.nodeSelector")],
    [
      { spec: { containers: [{ name: "c", command: ["x"] }] } },
      atomic(".spec.containers[0].command"),
    ],
    [
      { spec: { nothing: 1 } },
      "error applying patch: failed to convert patch object to typed object: .spec.nothing: field not declared in schema",
    ],
    ["text", "unsupported return type from ApplyConfiguration"],
    [null, "unsupported return type from ApplyConfiguration"],
  ];
  for (const [configuration, message] of cases) {
    assert.equal(outcome(() => withConfiguration(POD, configuration, schema)), message);
  }
});

Deno.test("withOperations() does nothing where a test fails, and says what does not fit", () => {
  const add = { op: "add", path: "/metadata/labels/x", value: "y" };
  const test = (value: string) => ({ op: "test", path: "/metadata/name", value });
  const labels = (result: JsonObject) => (result["metadata"] as JsonObject)["labels"];
  assert.deepEqual(labels(withOperations(POD, [test("p"), add])), { a: "b", x: "y" });
  assert.equal(withOperations(POD, [add, test("q")]), POD);
  assert.match(
    String(outcome(() => withOperations(POD, [test("p"), { op: "remove", path: "/none" }]))),
    /^JSON Patch: /,
  );
  assert.equal(outcome(() => withOperations(POD, {})), "unsupported return type from JSONPatch");
});
