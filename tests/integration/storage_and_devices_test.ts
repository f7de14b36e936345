/** Pods that ask for volumes and devices, in whole clusters in this process. */
import assert from "node:assert/strict";
import {
  DEVICE_CLASSES,
  type Event,
  EVENTS,
  type KubeObject,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  PODS,
  PRIORITY_CLASSES,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_CLAIMS,
  RESOURCE_SLICES,
  type ResourceClaim,
  type ResourceType,
  STORAGE_CLASSES,
} from "../../components/api/mod.ts";
import type { Client } from "../../components/client/mod.ts";
import { Cluster } from "../../components/cluster/mod.ts";
import { until } from "./until.ts";

const NAMESPACE = "default";

function localVolume(name: string, node: string, storage: string): PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local",
      local: { path: `/mnt/${name}` },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{
            matchExpressions: [
              { key: "kubernetes.io/hostname", operator: "In", values: [node] },
            ],
          }],
        },
      },
    },
  };
}

function claim(name: string, storage: string): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local",
      resources: { requests: { storage } },
    },
  };
}

function pod(name: string, spec: Pod["spec"]): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE },
    spec: { containers: [{ name: "c", image: "web:1" }], ...spec },
  };
}

const mounting = (name: string, ...claims: string[]): Pod =>
  pod(name, {
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  });

const isRunning = ({ status }: Pod) => status?.phase === "Running";
const named = <T extends KubeObject>(all: readonly T[], name: string) =>
  all.find(({ metadata }) => metadata?.name === name);

/** The pod when it runs. */
async function running(client: Client, name: string): Promise<Pod> {
  const pods = await until(client, PODS, NAMESPACE, `${name} runs`, (all) => {
    const found = named(all, name);
    return found !== undefined && isRunning(found);
  });
  return named(pods, name)!;
}

/** Why the scheduler leaves the pod pending. */
async function refusal(client: Client, name: string): Promise<string> {
  const reasonOf = (one: Pod | undefined) =>
    one?.status?.conditions?.find(({ type, status }) =>
      type === "PodScheduled" && status === "False"
    )?.message;
  const pods = await until(
    client,
    PODS,
    NAMESPACE,
    `${name} is refused`,
    (all) => reasonOf(named(all, name)) !== undefined,
  );
  return reasonOf(named(pods, name)) ?? "";
}

async function find<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  what: string,
  wanted: (all: readonly T[]) => T | undefined,
): Promise<T> {
  const all = await until(client, type, NAMESPACE, what, (all) => wanted(all) !== undefined);
  return wanted(all)!;
}

Deno.test("claims that wait for a pod get local volumes of the node that has enough of them", async () => {
  await using cluster = await Cluster.start({ nodes: 2 });
  const { client } = cluster;
  await client.create(STORAGE_CLASSES, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local" },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  for (
    const [name, node, size] of [
      ["a", "node-1", "10Gi"],
      ["b", "node-2", "5Gi"],
      ["c", "node-2", "20Gi"],
    ] as const
  ) await client.create(PERSISTENT_VOLUMES, localVolume(name, node, size));
  for (const [name, size] of [["one", "4Gi"], ["two", "6Gi"], ["three", "1Gi"]] as const) {
    await client.create(PERSISTENT_VOLUME_CLAIMS, claim(name, size));
  }
  await find(
    client,
    EVENTS,
    "the claims wait",
    (all: readonly Event[]) => all.find(({ reason }) => reason === "WaitForFirstConsumer"),
  );

  // node-1 has one volume only.
  await client.create(PODS, mounting("both", "one", "two"));
  const both = await running(client, "both");
  assert.equal(both.spec?.nodeName, "node-2");
  const claims = await client.list(PERSISTENT_VOLUME_CLAIMS, { namespace: NAMESPACE });
  assert.deepEqual(
    claims.items.map(({ metadata, spec, status }) => [
      metadata?.name,
      spec?.volumeName ?? "",
      status?.phase,
    ]).sort(),
    [["one", "b", "Bound"], ["three", "", "Pending"], ["two", "c", "Bound"]],
  );

  // A pod that shares a bound claim has to be where its volume is; the third claim finds nothing there.
  await client.create(PODS, mounting("apart", "one", "three"));
  assert.equal(
    await refusal(client, "apart"),
    "0/2 nodes are available: 1 node(s) didn't find available persistent volumes to bind, " +
      "1 node(s) didn't match PersistentVolume's node affinity. " +
      "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
  );
  // A new volume is what it waits for.
  await client.create(PERSISTENT_VOLUMES, localVolume("d", "node-2", "1Gi"));
  assert.equal((await running(client, "apart")).spec?.nodeName, "node-2");

  await client.create(PODS, mounting("lost", "nothing"));
  assert.match(await refusal(client, "lost"), /persistentvolumeclaim "nothing" not found\./);
});

Deno.test("a claim for one pod alone is taken from a pod of lower priority", async () => {
  await using cluster = await Cluster.start({ nodes: 2 });
  const { client } = cluster;
  for (const [name, value] of [["low", 1], ["high", 1000]] as const) {
    await client.create(PRIORITY_CLASSES, {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name },
      value,
    });
  }
  const modes = { accessModes: ["ReadWriteOncePod"] };
  const volume = localVolume("v", "node-2", "1Gi");
  await client.create(PERSISTENT_VOLUMES, { ...volume, spec: { ...volume.spec, ...modes } });
  const wanted = claim("alone", "1Gi");
  await client.create(PERSISTENT_VOLUME_CLAIMS, {
    ...wanted,
    spec: { ...wanted.spec, ...modes, volumeName: "v" },
  });
  await until(
    client,
    PERSISTENT_VOLUME_CLAIMS,
    NAMESPACE,
    "the claim is bound",
    (all) => all[0]?.status?.phase === "Bound",
  );
  const holding = (name: string, priorityClassName: string): Pod => {
    const { spec, ...pod } = mounting(name, "alone");
    return { ...pod, spec: { ...spec, priorityClassName, terminationGracePeriodSeconds: 1 } };
  };
  await client.create(PODS, holding("first", "low"));
  assert.equal((await running(client, "first")).spec?.nodeName, "node-2");
  await client.create(PODS, holding("equal", "low"));
  assert.equal(
    await refusal(client, "equal"),
    "0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with " +
      "ReadWriteOncePod access mode already in-use by another pod. preemption: 0/2 nodes are " +
      "available: 2 No preemption victims found for incoming pod.",
  );
  await client.delete(PODS, "equal", { namespace: NAMESPACE });
  await client.create(PODS, holding("second", "high"));
  assert.equal((await running(client, "second")).spec?.nodeName, "node-2");
  await until(
    client,
    EVENTS,
    NAMESPACE,
    "the first is preempted",
    (all: Event[]) => all.some(({ reason }) => reason === "Preempted"),
  );
});

Deno.test("a pod gets a device of its template's claim, and the next one gets it when it has ended", async () => {
  await using cluster = await Cluster.start({ nodes: 2 });
  const { client } = cluster;
  await client.create(DEVICE_CLASSES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "DeviceClass",
    metadata: { name: "gpu" },
    spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
  });
  await client.create(RESOURCE_SLICES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceSlice",
    metadata: { name: "node-2-gpu" },
    spec: {
      driver: "gpu.example.com",
      nodeName: "node-2",
      pool: { name: "node-2", generation: 1, resourceSliceCount: 1 },
      devices: [
        { name: "small", attributes: { memory: { int: 4 } } },
        { name: "large", attributes: { memory: { int: 16 } } },
      ],
    },
  });
  await client.create(RESOURCE_CLAIM_TEMPLATES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaimTemplate",
    metadata: { name: "large", namespace: NAMESPACE },
    spec: {
      spec: {
        devices: {
          requests: [{
            name: "gpu",
            exactly: {
              deviceClassName: "gpu",
              selectors: [{
                cel: { expression: 'device.attributes["gpu.example.com"].memory > 8' },
              }],
            },
          }],
        },
      },
    },
  });
  const asking = (name: string) =>
    pod(name, {
      containers: [{ name: "c", image: "web:1", resources: { claims: [{ name: "gpu" }] } }],
      resourceClaims: [{ name: "gpu", resourceClaimTemplateName: "large" }],
    });
  await client.create(PODS, asking("first"));
  const first = await running(client, "first");
  assert.equal(first.spec?.nodeName, "node-2");
  const made = await find(
    client,
    RESOURCE_CLAIMS,
    "the claim is reserved",
    (all) => all.find(({ status }) => (status?.reservedFor ?? []).length > 0),
  );
  const { allocation, reservedFor } = made.status ?? {};
  assert.deepEqual(allocation?.devices?.results, [
    { request: "gpu", driver: "gpu.example.com", pool: "node-2", device: "large" },
  ]);
  assert.deepEqual(allocation?.nodeSelector?.nodeSelectorTerms?.[0]?.matchFields, [
    { key: "metadata.name", operator: "In", values: ["node-2"] },
  ]);
  assert.deepEqual(reservedFor, [
    { resource: "pods", name: "first", uid: first.metadata?.uid ?? "" },
  ]);
  assert.ok(made.metadata?.finalizers?.includes("resource.kubernetes.io/delete-protection"));

  await client.create(PODS, asking("second"));
  assert.equal(
    await refusal(client, "second"),
    "0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, " +
      "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
  );
  await client.delete(PODS, "first", { namespace: NAMESPACE });
  assert.equal((await running(client, "second")).spec?.nodeName, "node-2");
  await until(
    client,
    RESOURCE_CLAIMS,
    NAMESPACE,
    "one claim is left",
    (all: ResourceClaim[]) =>
      all.length === 1 && all[0]?.status?.reservedFor?.[0]?.name === "second",
  );
});

Deno.test("devices serve an extended resource on nodes that have none of it", async () => {
  await using cluster = await Cluster.start({ nodes: 2 });
  const { client } = cluster;
  const resource = "example.com/gpu";
  await client.create(DEVICE_CLASSES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "DeviceClass",
    metadata: { name: "gpu" },
    spec: { extendedResourceName: resource },
  });
  await client.create(RESOURCE_SLICES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceSlice",
    metadata: { name: "node-2-gpu" },
    spec: {
      driver: "gpu.example.com",
      nodeName: "node-2",
      pool: { name: "node-2", generation: 1, resourceSliceCount: 1 },
      devices: [{ name: "d0" }, { name: "d1" }],
    },
  });
  const asking = (name: string, count: string) =>
    pod(name, {
      containers: [{
        name: "c",
        image: "web:1",
        resources: { requests: { [resource]: count }, limits: { [resource]: count } },
      }],
    });
  await client.create(PODS, asking("first", "2"));
  const first = await running(client, "first");
  assert.equal(first.spec?.nodeName, "node-2");
  const [made] = (await client.list(RESOURCE_CLAIMS, { namespace: NAMESPACE })).items;
  assert.deepEqual(first.status?.extendedResourceClaimStatus, {
    resourceClaimName: made?.metadata?.name,
    requestMappings: [
      { containerName: "c", resourceName: resource, requestName: "container-0-request-0" },
    ],
  });
  assert.match(made?.metadata?.name ?? "", /^first-extended-resources-/);
  assert.deepEqual(made?.status?.allocation?.devices?.results?.map(({ device }) => device), [
    "d0",
    "d1",
  ]);
  await client.create(PODS, asking("second", "1"));
  assert.match(await refusal(client, "second"), /^0\/2 nodes are available: 2 cannot allocate all/);
  await client.delete(PODS, "first", { namespace: NAMESPACE });
  assert.equal((await running(client, "second")).spec?.nodeName, "node-2");
});
