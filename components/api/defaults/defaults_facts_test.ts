import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import { defaulterOf } from "./mod.ts";

/** What upstream fills in, as rows, where they lie beside this repository. */
interface Facts {
  readonly kinds: Readonly<Record<string, readonly (readonly [path: string, type: string])[]>>;
  readonly podSpecTree: readonly (readonly [path: string, type: string])[];
  readonly types: Readonly<
    Record<string, readonly (readonly [path: string, value: JsonValue, when: string])[]>
  >;
}
const facts = read();
if (facts === undefined) console.log("skipped: the table of defaults is not here");

function read(): Facts | undefined {
  try {
    const file = new URL("../../../../shared/spec/defaults.json", import.meta.url);
    return JSON.parse(Deno.readTextFileSync(file)) as Facts;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Of features that are off, or not of objects. */
const OFF = [
  "PodLogOptions stream",
  "StatefulSet spec.updateStrategy.rollingUpdate.maxUnavailable",
  "CSIDriver spec.preventPodSchedulingIfMissing",
];

/** Rows whose condition or value is words: what is put into the object at the type's place, and what comes of it. */
const WORDS: Readonly<
  Record<
    string,
    readonly (readonly [given: JsonObject, path: string, value: JsonValue | undefined])[]
  >
> = {
  // A map that is there and empty is not written.
  "ConfigMap data": [[{}, "data", undefined]],
  "LimitRangeItem default": [[{ type: "Container" }, "default", {}]],
  "LimitRangeItem defaultRequest": [[{ type: "Container" }, "defaultRequest", {}]],
  "LimitRangeItem default[k]": [
    [{ type: "Container", max: { cpu: "2" } }, "default.cpu", "2"],
    [{ type: "Pod", max: { cpu: "2" } }, "default", undefined],
  ],
  "LimitRangeItem defaultRequest[k]": [
    [{ type: "Container", max: { cpu: "2" }, min: { cpu: "1" } }, "defaultRequest.cpu", "2"],
    [{ type: "Container", min: { cpu: "1" } }, "defaultRequest.cpu", "1"],
  ],
  "NodeStatus allocatable": [[{ capacity: { cpu: "2" } }, "allocatable", { cpu: "2" }]],
  "Pod spec.containers[].resources.requests[k]": [
    [
      { spec: { containers: [{ resources: { limits: { cpu: "2" } } }] } },
      "spec.containers[].resources.requests.cpu",
      "2",
    ],
  ],
  "Pod spec.initContainers[].resources.requests[k]": [
    [
      { spec: { initContainers: [{ resources: { limits: { cpu: "2" } } }] } },
      "spec.initContainers[].resources.requests.cpu",
      "2",
    ],
  ],
  "Pod spec.resources.limits[hugepages-*]": [
    [
      {
        spec: {
          resources: { limits: { cpu: "1" } },
          containers: [{ resources: { limits: { "hugepages-2Mi": "2Mi" } } }],
        },
      },
      "spec.resources.limits.hugepages-2Mi",
      "2Mi",
    ],
  ],
  "Pod spec.resources.requests[k]": [
    [{ spec: { resources: { limits: { cpu: "2" } } } }, "spec.resources.requests.cpu", "2"],
    [
      {
        spec: {
          resources: { limits: { cpu: "2" } },
          containers: [{ resources: { requests: { cpu: "1" } } }],
        },
      },
      "spec.resources.requests.cpu",
      "1",
    ],
  ],
  "Pod spec.enableServiceLinks": [[{ spec: {} }, "spec.enableServiceLinks", true]],
  "Pod spec.{containers,initContainers}[].ports[].hostPort": [
    [
      { spec: { hostNetwork: true, containers: [{ ports: [{ containerPort: 8 }] }] } },
      "spec.containers[].ports[].hostPort",
      8,
    ],
    [
      { spec: { hostNetwork: true, initContainers: [{ ports: [{ containerPort: 8 }] }] } },
      "spec.initContainers[].ports[].hostPort",
      8,
    ],
  ],
  "Volume emptyDir": [
    [{ name: "v" }, "emptyDir", {}],
    [{ name: "v", hostPath: {} }, "emptyDir", undefined],
  ],
  "Volume image.pullPolicy": [
    [{ image: { reference: "a" } }, "image.pullPolicy", "Always"],
    [{ image: { reference: "a:1" } }, "image.pullPolicy", "IfNotPresent"],
  ],
  "Container imagePullPolicy": [
    [{ image: "a" }, "imagePullPolicy", "Always"],
    [{ image: "a:latest" }, "imagePullPolicy", "Always"],
    [{ image: "a:1" }, "imagePullPolicy", "IfNotPresent"],
    [{ image: `a@sha256:${"0".repeat(64)}` }, "imagePullPolicy", "IfNotPresent"],
  ],
  "ReplicationController spec.selector": [
    [{ spec: { template: { metadata: { labels: { a: "b" } } } } }, "spec.selector", { a: "b" }],
  ],
  "ReplicationController metadata.labels": [
    [{ spec: { template: { metadata: { labels: { a: "b" } } } } }, "metadata.labels", { a: "b" }],
  ],
  "Service spec.sessionAffinityConfig": [
    [
      { spec: { sessionAffinityConfig: { clientIP: {} } } },
      "spec.sessionAffinityConfig",
      undefined,
    ],
  ],
  "Service spec.sessionAffinityConfig.clientIP.timeoutSeconds": [
    [
      { spec: { sessionAffinity: "ClientIP" } },
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      10800,
    ],
  ],
  "Service spec.ports[].targetPort": [
    [{ spec: { ports: [{ port: 80 }] } }, "spec.ports[].targetPort", 80],
    [{ spec: { ports: [{ port: 80, targetPort: "" }] } }, "spec.ports[].targetPort", 80],
    [{ spec: { ports: [{ port: 80, targetPort: 0 }] } }, "spec.ports[].targetPort", 80],
  ],
  "Service spec.externalTrafficPolicy": [
    [{ spec: { type: "NodePort" } }, "spec.externalTrafficPolicy", "Cluster"],
    [{ spec: { type: "LoadBalancer" } }, "spec.externalTrafficPolicy", "Cluster"],
    [{ spec: { externalIPs: ["10.0.0.1"] } }, "spec.externalTrafficPolicy", "Cluster"],
    [{ spec: {} }, "spec.externalTrafficPolicy", undefined],
  ],
  "Service spec.internalTrafficPolicy": [
    [{ spec: {} }, "spec.internalTrafficPolicy", "Cluster"],
    [{ spec: { type: "ExternalName" } }, "spec.internalTrafficPolicy", undefined],
  ],
  "Service spec.allocateLoadBalancerNodePorts": [
    [{ spec: { type: "LoadBalancer" } }, "spec.allocateLoadBalancerNodePorts", true],
  ],
  "Service status.loadBalancer.ingress[].ipMode": [
    [
      {
        spec: { type: "LoadBalancer" },
        status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } },
      },
      "status.loadBalancer.ingress[].ipMode",
      "VIP",
    ],
  ],
  "Deployment spec.strategy.rollingUpdate.maxUnavailable": [
    [{ spec: {} }, "spec.strategy.rollingUpdate.maxUnavailable", "25%"],
    [{ spec: { strategy: { type: "Recreate" } } }, "spec.strategy.rollingUpdate", undefined],
  ],
  "Deployment spec.strategy.rollingUpdate.maxSurge": [
    [{ spec: {} }, "spec.strategy.rollingUpdate.maxSurge", "25%"],
  ],
  "DaemonSet spec.updateStrategy.rollingUpdate.maxUnavailable": [
    [{ spec: {} }, "spec.updateStrategy.rollingUpdate.maxUnavailable", 1],
  ],
  "DaemonSet spec.updateStrategy.rollingUpdate.maxSurge": [
    [{ spec: {} }, "spec.updateStrategy.rollingUpdate.maxSurge", 0],
  ],
  "StatefulSet spec.updateStrategy.rollingUpdate": [
    [{ spec: {} }, "spec.updateStrategy.rollingUpdate", { partition: 0 }],
  ],
  "StatefulSet spec.updateStrategy.rollingUpdate.partition": [
    [
      { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: {} } } },
      "spec.updateStrategy.rollingUpdate.partition",
      0,
    ],
  ],
  "StatefulSet spec.volumeClaimTemplates[].apiVersion": [
    [{ spec: { volumeClaimTemplates: [{}] } }, "spec.volumeClaimTemplates[].apiVersion", "v1"],
  ],
  "StatefulSet spec.volumeClaimTemplates[].kind": [
    [
      { spec: { volumeClaimTemplates: [{}] } },
      "spec.volumeClaimTemplates[].kind",
      "PersistentVolumeClaim",
    ],
  ],
  "Job spec.completions": [
    [{ spec: {} }, "spec.completions", 1],
    [{ spec: { parallelism: 2 } }, "spec.completions", undefined],
  ],
  "Job spec.backoffLimit": [
    [{ spec: {} }, "spec.backoffLimit", 6],
    [{ spec: { backoffLimitPerIndex: 1 } }, "spec.backoffLimit", 2147483647],
  ],
  "Job metadata.labels": [
    [{ spec: { template: { metadata: { labels: { a: "b" } } } } }, "metadata.labels", { a: "b" }],
  ],
  "Job spec.podReplacementPolicy": [
    [{ spec: {} }, "spec.podReplacementPolicy", "TerminatingOrFailed"],
    [{ spec: { podFailurePolicy: { rules: [] } } }, "spec.podReplacementPolicy", "Failed"],
  ],
  "IngressClass spec.parameters.scope": [
    [{ spec: { parameters: {} } }, "spec.parameters.scope", "Cluster"],
  ],
  "NetworkPolicy spec.policyTypes": [
    [{ spec: {} }, "spec.policyTypes", ["Ingress"]],
    [{ spec: { egress: [{}] } }, "spec.policyTypes", ["Ingress", "Egress"]],
  ],
  "Subject apiGroup": [
    [{ kind: "User" }, "apiGroup", "rbac.authorization.k8s.io"],
    [{ kind: "Group" }, "apiGroup", "rbac.authorization.k8s.io"],
    [{ kind: "ServiceAccount" }, "apiGroup", undefined],
  ],
  "CSIDriver spec.volumeLifecycleModes": [[{ spec: {} }, "spec.volumeLifecycleModes", [
    "Persistent",
  ]]],
  "CSIDriver spec.seLinuxMount": [[{ spec: {} }, "spec.seLinuxMount", false]],
  "ExactDeviceRequest count": [
    [{}, "count", 1],
    [{ allocationMode: "All" }, "count", undefined],
  ],
  "DeviceSubRequest count": [[{}, "count", 1]],
  "HorizontalPodAutoscaler spec.metrics": [
    [{ spec: {} }, "spec.metrics", [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
      },
    ]],
  ],
  "HorizontalPodAutoscaler spec.behavior.scaleUp": [
    [{ spec: { behavior: {} } }, "spec.behavior.scaleUp", {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [
        { type: "Pods", value: 4, periodSeconds: 15 },
        { type: "Percent", value: 100, periodSeconds: 15 },
      ],
    }],
  ],
  "HorizontalPodAutoscaler spec.behavior.scaleDown": [
    [{ spec: { behavior: {} } }, "spec.behavior.scaleDown", {
      selectPolicy: "Max",
      policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
    }],
  ],
  "CustomResourceDefinitionSpec conversion": [[{}, "conversion", { strategy: "None" }]],
  "CustomResourceDefinitionSpec names.singular": [
    [{ names: { kind: "Foo" } }, "names.singular", "foo"],
  ],
  "CustomResourceDefinitionSpec names.listKind": [
    [{ names: { kind: "Foo" } }, "names.listKind", "FooList"],
  ],
  "CustomResourceDefinition status.storedVersions": [
    [
      { spec: { versions: [{ name: "v1", storage: true }] } },
      "status.storedVersions",
      ["v1"],
    ],
  ],
};

type Steps = readonly string[];
const stepsOf = (path: string): Steps =>
  path === "" ? [] : path.replaceAll("[]", ".[]").replace(/^\./, "").split(".");

/** Puts a value where a path leads, with what is needed on the way. */
function put(into: JsonValue | undefined, [step, ...rest]: Steps, value: JsonValue): JsonValue {
  if (step === undefined) return value;
  if (step === "[]") return [put(Array.isArray(into) ? into[0] : undefined, rest, value)];
  const object = (into ?? {}) as JsonObject;
  return { ...object, [step]: put(object[step], rest, value) };
}

function at(value: JsonValue | undefined, steps: Steps): JsonValue | undefined {
  return steps.reduce<JsonValue | undefined>(
    (inner, step) =>
      step === "[]"
        ? (inner as JsonValue[] | undefined)?.[0]
        : (inner as JsonObject | undefined)?.[step],
    value,
  );
}

function defaulted(kind: string, object: JsonObject): JsonObject {
  const [gv = "", name = ""] = kind.split(" ");
  const [group, version] = gv.includes("/") ? gv.split("/") : ["", gv];
  const own = GROUPS[group ?? ""] ?? group ?? "";
  const full = {
    apiVersion: own === "" ? version : `${own}/${version}`,
    kind: name,
    metadata: { name: "x" },
    ...object,
  } as unknown as KubeObject;
  defaulterOf({ group: own, version: version ?? "", kind: name })(full);
  return full as unknown as JsonObject;
}

/** Groups by the names that the rows have for them. */
const GROUPS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "admissionregistration",
    "apiextensions",
    "apiregistration",
    "authentication",
    "certificates",
    "coordination",
    "discovery",
    "networking",
    "rbac",
    "resource",
    "scheduling",
    "storage",
  ].map((name) => [name, name === "rbac" ? "rbac.authorization.k8s.io" : `${name}.k8s.io`]).concat([
    ["flowcontrol", "flowcontrol.apiserver.k8s.io"],
  ]),
);

/** Rows of a type, those of an ephemeral container being a container's. */
const rowsOf = (type: string) =>
  facts?.types[type === "EphemeralContainer" ? "Container" : type] ?? [];

function literal(value: JsonValue): JsonValue {
  if (typeof value !== "string") return value;
  if (value === "{}") return {};
  if (value === '""' || value === "") return "";
  return /^(?:true|false|[0-9]+)$/.test(value) ? JSON.parse(value) as JsonValue : value;
}

/** Every place where a kind has defaults, and what stands there. */
function* placesOf(kind: string): Generator<readonly [path: string, type: string]> {
  for (const [path, type] of facts?.kinds[kind] ?? []) {
    if (type !== "<PodSpecTree>") yield [path, type];
    else {
      for (const [below, inner] of facts?.podSpecTree ?? []) {
        yield [below === "" ? path : `${path}.${below}`, inner];
      }
    }
  }
}

function check(
  kind: string,
  place: Steps,
  given: JsonObject,
  path: Steps,
  value: JsonValue | undefined,
) {
  const object = put({}, place, given) as JsonObject;
  const found = at(defaulted(kind, object), [...place, ...path]);
  assert.deepEqual(
    found,
    value,
    `${kind} ${[...place, ...path].join(".")} of ${JSON.stringify(object)}`,
  );
}

/** How many rows were held against the defaults. */
function checkKind(kind: string): number {
  let rows = 0;
  for (const [path, type] of placesOf(kind)) {
    if (type.startsWith("=")) {
      const steps = stepsOf(path);
      check(kind, steps.slice(0, -1), {}, steps.slice(-1), literal(type.slice(1)));
      rows++;
      continue;
    }
    for (const [below, value, when] of rowsOf(type)) {
      const name = `${type === "EphemeralContainer" ? "Container" : type} ${below}`;
      if (OFF.includes(name) || name.includes("nodeAllocatableResourceMappings")) continue;
      rows++;
      const place = stepsOf(path);
      if (name === 'Namespace metadata.labels["kubernetes.io/metadata.name"]') {
        const labels = at(defaulted(kind, {}), ["metadata", "labels"]);
        assert.deepEqual(labels, { "kubernetes.io/metadata.name": "x" });
        continue;
      }
      if (name === "DeviceTaint timeAdded") continue;
      const words = WORDS[name];
      if (words !== undefined) {
        for (const [given, where, result] of words) {
          check(kind, place, given, stepsOf(where), result);
        }
        continue;
      }
      assert.ok(["absent", "empty", "0"].includes(when), `${name} when ${when}`);
      const steps = stepsOf(below);
      const given = put({}, steps.slice(0, -1), {}) as JsonObject;
      check(kind, place, given, steps, literal(value));
    }
  }
  return rows;
}

Deno.test({
  name: "what is said of rows in words is of rows that there are",
  ignore: facts === undefined,
  fn() {
    const rows = new Set(
      Object.entries(facts?.types ?? {}).flatMap(([type, list]) =>
        list.map(([path]) => `${type} ${path}`)
      ),
    );
    assert.deepEqual([...OFF, ...Object.keys(WORDS)].filter((name) => !rows.has(name)), []);
  },
});

for (const kind of Object.keys(facts?.kinds ?? {})) {
  Deno.test(`upstream's defaults of ${kind}`, () => {
    assert.ok(checkKind(kind) > 0 || kind === "v1 PodLogOptions");
  });
}
