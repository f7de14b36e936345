import assert from "node:assert/strict";
import { matchGolden } from "../golden_test.ts";
import { BUILTIN_KINDS, builtinKind } from "../kinds.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  compareVersions,
  servedGroups,
  storageVersionHash,
} from "./mod.ts";

const custom = (group: string, version: string, kind: string) => ({
  ...pods(),
  group,
  version,
  kind,
  plural: `${kind.toLowerCase()}s`,
});

function pods() {
  const pod = builtinKind({ group: "", version: "v1", kind: "Pod" });
  assert.ok(pod);
  return pod;
}

Deno.test("discovery documents are as they were", () => {
  matchGolden("discovery", {
    "/api": apiVersions("127.0.0.1:6443"),
    "/apis": apiGroupList(BUILTIN_KINDS),
    "/apis/autoscaling": apiGroup(BUILTIN_KINDS, "autoscaling"),
    ...Object.fromEntries(
      servedGroups(BUILTIN_KINDS).flatMap(({ name, versions }) =>
        versions.map(({ version }) => [
          name === "" ? `/api/${version}` : `/apis/${name}/${version}`,
          apiResourceList(BUILTIN_KINDS, name, version),
        ])
      ),
    ),
  });
  matchGolden("discovery_aggregated", {
    "/api": aggregatedDiscovery(BUILTIN_KINDS, "core"),
    "/apis": aggregatedDiscovery(BUILTIN_KINDS, "groups"),
  });
});

Deno.test("storageVersionHash() is upstream's", () => {
  const cases: [string, string, string, string][] = [
    ["", "v1", "Pod", "xPOwRZ+Yhw8="],
    ["apiextensions.k8s.io", "v1", "CustomResourceDefinition", "jfWCUB31mvA="],
  ];
  for (const [group, version, kind, hash] of cases) {
    const storage = builtinKind({ group, version, kind })?.storage;
    assert.ok(storage);
    assert.equal(storageVersionHash(storage), hash);
  }
});

Deno.test("custom groups come last, by name, with their newest stable version first", () => {
  const list = apiGroupList([
    ...BUILTIN_KINDS,
    custom("b.example.com", "v1beta1", "Foo"),
    custom("b.example.com", "v1", "Foo"),
    custom("a.example.com", "v1", "Foo"),
  ]);
  const names = list.groups?.map(({ name }) => name) ?? [];
  assert.deepEqual(names.slice(-2), ["a.example.com", "b.example.com"]);
  assert.equal(list.groups?.at(-1)?.preferredVersion?.version, "v1");
  assert.equal(names[0], "apiregistration.k8s.io");
});

Deno.test("a registered API service has the priority it asks for", () => {
  const priorities = new Map([["metrics.k8s.io/v1beta1", { group: 17_790, version: 5 }]]);
  const groups = servedGroups(
    [...BUILTIN_KINDS, custom("metrics.k8s.io", "v1beta1", "Foo")],
    priorities,
  );
  assert.deepEqual(groups.slice(0, 4).map(({ name }) => name), [
    "apiregistration.k8s.io",
    "",
    "apps",
    "metrics.k8s.io",
  ]);
});

Deno.test("compareVersions() puts stable before beta before alpha", () => {
  const sorted = ["v1alpha1", "foo", "v2beta1", "v10", "v1", "v11beta2", "v2"].sort(
    compareVersions,
  );
  assert.deepEqual(sorted, ["v10", "v2", "v1", "v11beta2", "v2beta1", "v1alpha1", "foo"]);
});
