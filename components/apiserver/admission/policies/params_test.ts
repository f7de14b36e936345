import assert from "node:assert/strict";
import { BUILTIN_KINDS, type ParamKind, type ParamRef } from "../../../api/served.ts";
import { FakeObjects } from "../../fake_objects.ts";
import { paramsOf, type ServedKinds } from "./params.ts";

const KINDS: ServedKinds = {
  all: () => BUILTIN_KINDS,
  byKind: (group, version, kind) =>
    BUILTIN_KINDS.find((each) =>
      each.group === group && each.version === version && each.kind === kind
    ),
  anyVersion: (group, plural) =>
    BUILTIN_KINDS.find((each) => each.group === group && each.plural === plural),
};
const CONFIG: ParamKind = { apiVersion: "v1", kind: "ConfigMap" };
const CLASS: ParamKind = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };

const objects = new FakeObjects();
const put = (namespace: string, name: string, labels: Record<string, string> = {}) =>
  objects.put("", "configmaps", { metadata: { namespace, name, labels } });
put("a", "one", { is: "x" });
put("a", "two", { is: "x" });
put("b", "three", { is: "x" });
objects.put("storage.k8s.io", "storageclasses", { metadata: { name: "fast" } });

const source = { definitions: KINDS, reader: objects };

Deno.test("paramsOf() finds what a binding hands to its policy", async () => {
  const selector = { matchLabels: { is: "x" } };
  const cases: [string, ParamKind | undefined, ParamRef | undefined, string, unknown][] = [
    ["no kind", undefined, { name: "one" }, "a", [null]],
    ["no reference", CONFIG, undefined, "a", [null]],
    ["by name, where the request is", CONFIG, { name: "one" }, "a", ["one"]],
    ["by name, elsewhere", CONFIG, { name: "three", namespace: "b" }, "a", ["three"]],
    ["by labels", CONFIG, { selector }, "a", ["one", "two"]],
    ["by labels, elsewhere", CONFIG, { selector, namespace: "b" }, "a", ["three"]],
    ["none", CONFIG, { name: "none", parameterNotFoundAction: "Allow" }, "a", []],
    [
      "none, which is wrong",
      CONFIG,
      { name: "none", parameterNotFoundAction: "Deny" },
      "a",
      "no params found for policy binding with `Deny` parameterNotFoundAction",
    ],
    ["of the cluster", CLASS, { name: "fast" }, "a", ["fast"]],
    [
      "of the cluster, in a namespace",
      CLASS,
      { name: "fast", namespace: "a" },
      "a",
      "paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
    ],
    [
      "in no namespace",
      CONFIG,
      { name: "one" },
      "",
      "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
    ],
    [
      "unknown",
      { apiVersion: "x.test/v1", kind: "Thing" },
      { name: "one" },
      "a",
      "paramKind kind `x.test/v1, Kind=Thing` not known",
    ],
    [
      "both",
      CONFIG,
      { name: "one", selector },
      "a",
      "paramRef.name and paramRef.selector are mutually exclusive",
    ],
  ];
  for (const [name, kind, ref, namespace, expected] of cases) {
    let found: unknown;
    try {
      found = (await paramsOf(kind, ref, namespace, source)).map((each) =>
        each === null ? null : each.metadata?.name
      );
    } catch (error) {
      found = (error as Error).message;
    }
    assert.deepEqual(found, expected, name);
  }
});
