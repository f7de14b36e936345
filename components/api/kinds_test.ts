import assert from "node:assert/strict";
import { BUILTIN_KINDS, builtinKind } from "./kinds.ts";

const kind = (group: string, version: string, name: string) => {
  const found = builtinKind({ group, version, kind: name });
  assert.ok(found, `${group}/${version} ${name}`);
  return found;
};

Deno.test("BUILTIN_KINDS holds every resource once, each with a schema", () => {
  const names = BUILTIN_KINDS.map(({ group, version, plural }) => `${group}/${version}/${plural}`);
  assert.equal(new Set(names).size, 68);
  for (const definition of BUILTIN_KINDS) {
    assert.ok(definition.schema.fields["metadata"], definition.kind);
    for (const sub of definition.subresources.values()) {
      assert.ok((sub.schema ?? definition.schema).fields, `${definition.kind}/${sub.name}`);
    }
  }
});

Deno.test("stored kinds have upstream's prefixes and storage versions", () => {
  const cases: [string, string, string, string, string][] = [
    ["", "v1", "Node", "/registry/minions/", "/v1/Node"],
    ["", "v1", "Service", "/registry/services/specs/", "/v1/Service"],
    ["", "v1", "Endpoints", "/registry/services/endpoints/", "/v1/Endpoints"],
    ["apps", "v1", "Deployment", "/registry/deployments/", "apps/v1/Deployment"],
    ["events.k8s.io", "v1", "Event", "/registry/events/", "/v1/Event"],
    [
      "autoscaling",
      "v1",
      "HorizontalPodAutoscaler",
      "/registry/horizontalpodautoscalers/",
      "autoscaling/v2/HorizontalPodAutoscaler",
    ],
    [
      "apiextensions.k8s.io",
      "v1",
      "CustomResourceDefinition",
      "/registry/apiextensions.k8s.io/customresourcedefinitions/",
      "apiextensions.k8s.io/v1beta1/CustomResourceDefinition",
    ],
  ];
  for (const [group, version, name, prefix, stored] of cases) {
    const storage = kind(group, version, name).storage;
    assert.equal(storage?.prefix, prefix);
    assert.equal(`${storage?.group}/${storage?.version}/${storage?.kind}`, stored);
  }
  assert.equal(kind("authentication.k8s.io", "v1", "TokenReview").storage, undefined);
});

Deno.test("subresources name their verbs and bodies", () => {
  const pod = kind("", "v1", "Pod");
  assert.deepEqual([...pod.subresources.keys()], [
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "log",
    "portforward",
    "proxy",
    "resize",
    "status",
  ]);
  const eviction = pod.subresources.get("eviction");
  assert.deepEqual(eviction?.body, { group: "policy", version: "v1", kind: "Eviction" });
  assert.deepEqual(eviction?.verbs, ["create"]);
  assert.equal(eviction?.schema?.name, "policy.v1.Eviction");
  assert.deepEqual(pod.subresources.get("status")?.verbs, ["get", "patch", "update"]);
});

Deno.test("selectableFields() reads what field selectors compare", () => {
  const pod = kind("", "v1", "Pod");
  const fields = pod.selectableFields(
    {
      metadata: { name: "a", namespace: "b" },
      spec: { nodeName: "n1", hostNetwork: true },
      status: { phase: "Running" },
    } as never,
  );
  assert.equal(fields["metadata.namespace"], "b");
  assert.equal(fields["spec.nodeName"], "n1");
  assert.equal(fields["spec.host"], "n1");
  assert.equal(fields["spec.hostNetwork"], "true");
  assert.equal(fields["status.phase"], "Running");
  assert.equal(fields["status.podIP"], "");
  assert.deepEqual(Object.keys(fields).sort(), [...pod.fieldLabels].sort());
  const node = kind("", "v1", "Node");
  assert.deepEqual(node.selectableFields({ metadata: { name: "n" } }), {
    "metadata.name": "n",
    "spec.unschedulable": "false",
  });
});

Deno.test("columns show wide ones with priority 1", () => {
  const columns = kind("", "v1", "Pod").columns;
  assert.deepEqual(columns[0], { name: "Name", type: "string", format: "name", priority: 0 });
  assert.deepEqual(columns.filter(({ priority }) => priority === 1).map(({ name }) => name), [
    "IP",
    "Node",
    "Nominated Node",
    "Readiness Gates",
  ]);
});
