import assert from "node:assert/strict";
import {
  type Event,
  type Pod,
  PODS,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_CLAIMS,
  type ResourceClaim,
  type ResourceClaimTemplate,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { DELETE_PROTECTION, isDone, keptReservations, planClaim, wantedClaims } from "./plan.ts";

const podWith = (pod: Pod = {}): Pod => ({
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: {
    nodeName: "n1",
    resourceClaims: [
      { name: "gpu", resourceClaimTemplateName: "t" },
      { name: "shared", resourceClaimName: "s" },
    ],
  },
  ...pod,
});

Deno.test("claims of templates are wanted until the pod's status names them", () => {
  const made: ResourceClaim = {
    metadata: { name: "p-gpu-x", annotations: { "resource.kubernetes.io/pod-claim-name": "gpu" } },
  };
  const going: ResourceClaim = {
    metadata: { ...made.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
  };
  const wanted = { name: "gpu", template: "t", made: undefined };
  const cases: [string, Pod, ResourceClaim[], object[]][] = [
    ["nothing is made", podWith(), [], [wanted]],
    ["one is made and not named", podWith(), [made], [{ ...wanted, made: "p-gpu-x" }]],
    ["one that is going", podWith(), [going], [wanted]],
    [
      "named",
      podWith({ status: { resourceClaimStatuses: [{ name: "gpu", resourceClaimName: "x" }] } }),
      [made],
      [],
    ],
    [
      "named, though none is needed",
      podWith({
        status: { resourceClaimStatuses: [{ name: "gpu" }] },
      }),
      [],
      [],
    ],
    ["the pod has ended", podWith({ status: { phase: "Failed" } }), [], []],
  ];
  for (const [name, pod, owned, expected] of cases) {
    assert.deepEqual(wantedClaims(pod, owned), expected, name);
  }
});

Deno.test("reservations last as long as their pods need the claim", () => {
  const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  const cases: [string, Pod | undefined, boolean][] = [
    ["running", podWith({ status: { phase: "Running" } }), true],
    ["going from a node", podWith({ metadata: going }), true],
    ["going without a node", { metadata: going, spec: {} }, false],
    ["succeeded", podWith({ status: { phase: "Succeeded" } }), false],
    ["gone", undefined, false],
  ];
  const claim: ResourceClaim = {
    status: { reservedFor: [{ resource: "pods", name: "p", uid: "u" }] },
  };
  for (const [name, pod, kept] of cases) {
    assert.equal(keptReservations(claim, () => pod).length, kept ? 1 : 0, name);
    if (pod !== undefined) assert.equal(isDone(pod), !kept, name);
  }
  const foreign: ResourceClaim = {
    status: {
      reservedFor: [{ apiGroup: "x.example.com", resource: "things", name: "t", uid: "t" }],
    },
  };
  assert.equal(keptReservations(foreign, () => undefined).length, 1);
});

Deno.test("devices are given back with the last reservation, or when the claim goes", () => {
  const one = { resource: "pods", name: "p", uid: "u" };
  const two = { resource: "pods", name: "q", uid: "v" };
  const allocation = { devices: { results: [] } };
  const claim = (metadata: ResourceClaim["metadata"], status: ResourceClaim["status"]) => ({
    metadata: { finalizers: [DELETE_PROTECTION], ...metadata },
    status: status ?? {},
  });
  const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  const cases: [string, ResourceClaim, object[], object][] = [
    ["used", claim({}, { allocation, reservedFor: [one] }), [one], {
      status: undefined,
      unprotect: false,
      unused: false,
    }],
    ["one of two is done", claim({}, { allocation, reservedFor: [one, two] }), [two], {
      status: { allocation, reservedFor: [two] },
      unprotect: false,
      unused: false,
    }],
    ["the last is done", claim({}, { allocation, reservedFor: [one] }), [], {
      status: {},
      unprotect: true,
      unused: true,
    }],
    ["allocated by another", claim({ finalizers: [] }, { allocation, reservedFor: [one] }), [], {
      status: { allocation, reservedFor: [] },
      unprotect: false,
      unused: true,
    }],
    ["allocated and waiting for a pod", claim({}, { allocation }), [], {
      status: undefined,
      unprotect: false,
      unused: true,
    }],
    ["going", claim(going, { allocation }), [], { status: {}, unprotect: true, unused: true }],
    ["going with nothing", claim(going, {}), [], {
      status: undefined,
      unprotect: true,
      unused: true,
    }],
  ];
  for (const [name, given, kept, expected] of cases) {
    assert.deepEqual(planClaim(given, kept), expected, name);
  }
});

Deno.test("a pod's claim is made, named, given back and deleted when the pod has ended", async () => {
  const simulation = new Simulation(["resourceclaim-controller"]);
  simulation.kubelet = false;
  const { api, client } = simulation;
  const pod = await client.create<Pod>(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "d" },
    spec: {
      containers: [{ name: "c", image: "a" }],
      resourceClaims: [{ name: "gpu", resourceClaimTemplateName: "t" }],
    },
  });
  await simulation.settle();
  const warning = api.list<Event>("events").find(({ reason }) =>
    reason === "FailedResourceClaimCreation"
  );
  assert.match(JSON.stringify(warning), /PodResourceClaim gpu: resource claim template \\"t\\"/);
  await client.create<ResourceClaimTemplate>(RESOURCE_CLAIM_TEMPLATES, {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaimTemplate",
    metadata: { name: "t", namespace: "d" },
    spec: {
      metadata: { labels: { a: "b" } },
      spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } },
    },
  });
  await simulation.pass(2_000);
  const claims = () => api.list<ResourceClaim>("resourceclaims");
  const [made] = claims();
  assert.match(made?.metadata?.name ?? "", /^p-gpu-/);
  assert.deepEqual(made?.metadata?.labels, { a: "b" });
  assert.equal(made?.metadata?.ownerReferences?.[0]?.uid, pod.metadata?.uid);
  assert.deepEqual(api.list<Pod>("pods")[0]?.status?.resourceClaimStatuses, [
    { name: "gpu", resourceClaimName: made?.metadata?.name },
  ]);
  await client.update(RESOURCE_CLAIMS, {
    ...made!,
    metadata: { ...made!.metadata, finalizers: [DELETE_PROTECTION] },
    status: {
      allocation: { devices: { results: [] } },
      reservedFor: [{ resource: "pods", name: "p", uid: pod.metadata?.uid ?? "" }],
    },
  }, { subresource: "status" });
  await simulation.settle();
  assert.equal(claims()[0]?.status?.reservedFor?.length, 1, "kept while the pod is there");
  api.change<Pod>("pods", "p", (pod) => {
    pod.status = { ...pod.status, phase: "Succeeded" };
  });
  await simulation.settle();
  assert.deepEqual(claims(), []);
  await simulation.end();
});
