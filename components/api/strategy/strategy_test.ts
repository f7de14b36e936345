import assert from "node:assert/strict";
import { BUILTIN_KINDS } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import { customResourceStrategy, strategyFor, subresourceStrategyFor } from "./mod.ts";

type Loose = KubeObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> };
const kind = (group: string, version: string, kind: string) => ({ group, version, kind });
const POD = kind("", "v1", "Pod");
const DEPLOYMENT = kind("apps", "v1", "Deployment");

function prepared(of: ReturnType<typeof kind>, object: Loose): Loose {
  strategyFor(of).prepareForCreate(object);
  return object;
}

Deno.test("a new pod is pending, has its quality of service and generation 1", () => {
  const cases: [Record<string, unknown> | undefined, string][] = [
    [undefined, "BestEffort"],
    [{ requests: { cpu: "1" } }, "Burstable"],
    [
      { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
      "Guaranteed",
    ],
    [{ limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
    [{ limits: { cpu: "1" } }, "Burstable"],
  ];
  for (const [resources, qosClass] of cases) {
    const pod = prepared(POD, {
      metadata: { name: "p", generation: 7 },
      spec: { containers: [{ name: "c", ...(resources ? { resources } : {}) }] },
      status: { phase: "Running" },
    });
    assert.deepEqual(pod.status, { phase: "Pending", qosClass });
    assert.equal(pod.metadata?.generation, 1);
  }
  const gated = prepared(POD, { spec: { schedulingGates: [{ name: "a" }] } });
  assert.equal(
    (gated.status as { conditions: { reason: string }[] }).conditions[0]?.reason,
    "SchedulingGated",
  );
});

Deno.test("generations count changes of the spec, and a deployment's of its annotations", () => {
  const cases: [ReturnType<typeof kind>, Loose, number | undefined][] = [
    [DEPLOYMENT, { spec: { replicas: 1 } }, 3],
    [DEPLOYMENT, { spec: { replicas: 2 } }, 4],
    [DEPLOYMENT, { spec: { replicas: 1 }, metadata: { annotations: { a: "b" } } }, 4],
    [kind("apps", "v1", "ReplicaSet"), {
      spec: { replicas: 1 },
      metadata: { annotations: { a: "b" } },
    }, 3],
    [DEPLOYMENT, { spec: { replicas: 1 }, metadata: { generation: 99 } }, 3],
  ];
  for (const [of, next, expected] of cases) {
    strategyFor(of).prepareForUpdate(next, {
      metadata: { generation: 3 },
      spec: { replicas: 1 },
    } as Loose);
    assert.equal(next.metadata?.generation, expected);
  }
  const map: Loose = { metadata: { generation: 5 } };
  strategyFor(kind("", "v1", "ConfigMap")).prepareForUpdate(map, { metadata: {} });
  assert.equal(map.metadata?.generation, undefined);
});

Deno.test("the main resource keeps its status, the status keeps all else", () => {
  const previous: Loose = { metadata: {}, spec: { replicas: 1 }, status: { replicas: 1 } };
  const main: Loose = { metadata: {}, spec: { replicas: 2 }, status: { replicas: 9 } };
  strategyFor(DEPLOYMENT).prepareForUpdate(main, previous);
  assert.deepEqual(main.status, { replicas: 1 });
  const status: Loose = { metadata: {}, spec: { replicas: 2 }, status: { replicas: 9 } };
  strategyFor(DEPLOYMENT).prepareForStatusUpdate(status, previous);
  assert.deepEqual([status.spec, status.status], [{ replicas: 1 }, { replicas: 9 }]);
  const node = prepared(kind("", "v1", "Node"), { status: { phase: "x" } });
  assert.deepEqual(node.status, { phase: "x" });
});

Deno.test("a job is labelled by its uid", () => {
  const job = prepared(kind("batch", "v1", "Job"), {
    metadata: { name: "j", uid: "u" },
    spec: { template: { metadata: { labels: { a: "b" } } } },
  });
  const expected = {
    a: "b",
    "controller-uid": "u",
    "batch.kubernetes.io/controller-uid": "u",
    "job-name": "j",
    "batch.kubernetes.io/job-name": "j",
  };
  assert.deepEqual(job.spec?.["template"], { metadata: { labels: expected } });
  assert.deepEqual(job.spec?.["selector"], {
    matchLabels: { "batch.kubernetes.io/controller-uid": "u" },
  });
  assert.deepEqual(job.metadata?.labels, expected);
  const manual = prepared(kind("batch", "v1", "Job"), {
    metadata: { uid: "u" },
    spec: { manualSelector: true, template: {} },
  });
  assert.equal(manual.spec?.["selector"], undefined);
});

Deno.test("a namespace is held by a finalizer until its content is gone", () => {
  const namespace = prepared(kind("", "v1", "Namespace"), { metadata: { name: "a" } });
  assert.deepEqual(namespace.spec, { finalizers: ["kubernetes"] });
  assert.deepEqual(namespace.status, { phase: "Active" });
  const next: Loose = { metadata: {}, spec: { finalizers: [] } };
  strategyFor(kind("", "v1", "Namespace")).prepareForUpdate(next, namespace);
  assert.deepEqual(next.spec, { finalizers: ["kubernetes"] });
});

Deno.test("a service keeps what it was given, until its type changes", () => {
  const strategy = strategyFor(kind("", "v1", "Service"));
  const ports = (nodePort?: number) => [
    { port: 80, protocol: "TCP", ...(nodePort ? { nodePort } : {}) },
  ];
  const previous: Loose = {
    metadata: {},
    spec: {
      type: "NodePort",
      clusterIP: "10.0.0.1",
      clusterIPs: ["10.0.0.1"],
      ipFamilies: ["IPv4"],
      ports: ports(30001),
      externalTrafficPolicy: "Cluster",
    },
  };
  const kept: Loose = { metadata: {}, spec: { type: "NodePort", ports: ports() } };
  strategy.prepareForUpdate(kept, previous);
  assert.equal(kept.spec?.["clusterIP"], "10.0.0.1");
  assert.deepEqual(kept.spec?.["ports"], ports(30001));
  const inner = structuredClone(previous);
  Object.assign(inner.spec ?? {}, { type: "ClusterIP" });
  strategy.prepareForUpdate(inner, previous);
  assert.deepEqual(inner.spec?.["ports"], ports());
  assert.equal(inner.spec?.["externalTrafficPolicy"], undefined);
  const outer = structuredClone(previous);
  Object.assign(outer.spec ?? {}, { type: "ExternalName", externalName: "a" });
  strategy.prepareForUpdate(outer, previous);
  assert.equal(outer.spec?.["clusterIP"], undefined);
});

Deno.test("kinds differ in how they are updated and deleted", () => {
  const by = (test: (strategy: ReturnType<typeof strategyFor>) => boolean) =>
    BUILTIN_KINDS.filter((one) => one.storage !== undefined && test(strategyFor(one)))
      .map((one) => one.kind).sort();
  assert.deepEqual(by((strategy) => strategy.defaultPropagation === "Orphan"), [
    "Job",
    "ReplicationController",
  ]);
  assert.ok(by((strategy) => !strategy.allowUnconditionalUpdate).includes("Lease"));
  assert.ok(by((strategy) => strategy.allowCreateOnUpdate).includes("Service"));
  assert.equal(by((strategy) => strategy.allowCreateOnUpdate).includes("Pod"), false);
  assert.ok(by((strategy) => strategy.returnDeletedObject).includes("Namespace"));
});

Deno.test("only pods that run have a grace", () => {
  const { defaultGraceSeconds } = strategyFor(POD);
  const spec = { nodeName: "n", terminationGracePeriodSeconds: 30 };
  const cases: [Loose, number][] = [
    [{ spec }, 30],
    [{ spec: { terminationGracePeriodSeconds: 30 } }, 0],
    [{ spec, status: { phase: "Succeeded" } }, 0],
    [{ spec: { ...spec, terminationGracePeriodSeconds: -5 } }, 1],
  ];
  for (const [pod, seconds] of cases) assert.equal(defaultGraceSeconds(pod), seconds);
  assert.equal(strategyFor(DEPLOYMENT).defaultGraceSeconds({}), undefined);
});

Deno.test("subresourceStrategyFor() lets ephemeral containers only be added", () => {
  const ephemeral = subresourceStrategyFor(POD, "ephemeralcontainers");
  assert.ok(ephemeral);
  const container = {
    image: "i",
    imagePullPolicy: "Always",
    terminationMessagePolicy: "File",
  };
  const base = (ephemeralContainers: unknown[]): Loose => ({
    metadata: { generation: 1 },
    spec: {
      containers: [{ name: "c", ...container }],
      restartPolicy: "Always",
      dnsPolicy: "Default",
      ephemeralContainers,
    },
  });
  const previous = base([{ name: "d", ...container }]);
  const added = base([{ name: "d", ...container }, { name: "e", ...container }]);
  Object.assign(added.spec ?? {}, { nodeName: "elsewhere" });
  ephemeral.prepareForUpdate(added, previous);
  assert.equal(added.spec?.["nodeName"], undefined);
  assert.equal(added.metadata?.generation, 2);
  assert.deepEqual(ephemeral.validateUpdate(added, previous), []);
  const removed = base([]);
  ephemeral.prepareForUpdate(removed, previous);
  assert.equal(ephemeral.validateUpdate(removed, previous).length, 1);
  assert.equal(subresourceStrategyFor(POD, "status"), undefined);
});

Deno.test("customResourceStrategy() counts all but metadata and status", () => {
  const strategy = customResourceStrategy({
    namespaced: true,
    hasStatus: true,
    validate: (next) =>
      "bad" in next
        ? [{ reason: "FieldValueInvalid", field: "bad", message: "Invalid value" }]
        : [],
    validateStatus: () => [],
  });
  const previous = {
    metadata: { name: "a", namespace: "b", generation: 2, labels: { a: "b" } },
    color: "red",
    status: { seen: 1 },
  } as Loose;
  const cases: [Record<string, unknown>, number][] = [
    [{ color: "red", status: { seen: 9 } }, 2],
    [{ color: "blue" }, 3],
  ];
  for (const [change, generation] of cases) {
    const next = { metadata: { name: "a", namespace: "b" }, ...change } as Loose;
    strategy.prepareForUpdate(next, previous);
    assert.equal(next.metadata?.generation, generation);
    assert.deepEqual(next.status, { seen: 1 });
  }
  const status = { metadata: { name: "a" }, color: "blue", status: { seen: 2 } } as Loose;
  strategy.prepareForStatusUpdate(status, previous);
  assert.deepEqual(status, { ...previous, status: { seen: 2 } });
  assert.deepEqual(strategy.validateUpdate(status, previous), []);
  const bad = { metadata: { name: "a", namespace: "b", finalizers: ["x"] }, bad: 1 } as Loose;
  assert.deepEqual(strategy.validateCreate(bad).map(({ field }) => field), ["bad"]);
});

Deno.test("an approval decides and changes nothing else", () => {
  const csr = kind("certificates.k8s.io", "v1", "CertificateSigningRequest");
  const approval = subresourceStrategyFor(csr, "approval");
  assert.ok(approval);
  const previous = {
    metadata: {},
    spec: { signerName: "a" },
    status: { certificate: "c" },
  } as Loose;
  const conditions = [{ type: "Approved", status: "True" }];
  const next = { metadata: {}, spec: {}, status: { conditions, certificate: "d" } } as Loose;
  approval.prepareForUpdate(next, previous);
  assert.deepEqual(next.spec, { signerName: "a" });
  assert.deepEqual(next.status, { certificate: "c", conditions });
  const undone = { metadata: {}, status: { certificate: "c" } } as Loose;
  assert.equal(approval.validateUpdate(undone, next).length, 1);
  const told = [{ type: "Approved", status: "True", reason: "Other" }];
  const issued = { metadata: {}, status: { certificate: "e", conditions: told } } as Loose;
  strategyFor(csr).prepareForStatusUpdate(issued, next);
  assert.deepEqual(issued.status, { certificate: "e", conditions });
});

Deno.test("warnings name what is allowed but hardly meant", () => {
  const spec = {
    nodeSelector: { "beta.kubernetes.io/os": "linux" },
    containers: [{
      name: "c",
      env: [{ name: "A", value: "1" }, { name: "A", value: "2" }, { name: "A", value: "$(A)" }],
      ports: [{ containerPort: 80, protocol: "TCP" }, { containerPort: 80, protocol: "TCP" }],
    }],
  };
  const pod = { metadata: { name: "a.b" }, spec } as Loose;
  assert.deepEqual(strategyFor(POD).warnings(pod, undefined), [
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
    "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
  ]);
  const deployment = { spec: { template: { spec } } } as Loose;
  assert.equal(strategyFor(DEPLOYMENT).warnings(deployment, undefined).length, 4);
  assert.deepEqual(strategyFor(kind("", "v1", "ConfigMap")).warnings({}, undefined), []);
});
