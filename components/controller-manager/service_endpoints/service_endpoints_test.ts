import assert from "node:assert/strict";
import { seededRandom } from "../../base/mod.ts";
import {
  ENDPOINTS,
  type Endpoints,
  type EndpointSlice,
  type Pod,
  type Service,
  SERVICES,
} from "../../api/mod.ts";
import { DEPLOYMENTS } from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { planMirror } from "./mirror_plan.ts";
import { planEndpoints } from "./endpoints_plan.ts";
import { planSlices } from "./slice_plan.ts";

const service = (spec: Service["spec"] = {}): Service => ({
  metadata: { name: "web", namespace: "d", uid: "s", labels: { team: "a" } },
  spec: {
    clusterIP: "10.0.0.1",
    ipFamilies: ["IPv4"],
    selector: { app: "web" },
    ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    ...spec,
  },
});

function pod(
  n: number,
  state: { ready?: boolean; going?: boolean; phase?: string; port?: number } = {},
): Pod {
  return {
    metadata: {
      name: `p${n}`,
      namespace: "d",
      uid: `u${n}`,
      ...(state.going ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: {
      nodeName: "n1",
      containers: [{
        ports: [{ name: "http", containerPort: state.port ?? 8080, protocol: "TCP" }],
      }],
    },
    status: {
      phase: state.phase ?? "Running",
      podIPs: [{ ip: `10.1.0.${n}` }],
      conditions: [{ type: "Ready", status: state.ready === false ? "False" : "True" }],
    },
  };
}

const plan = (pods: Pod[], existing: EndpointSlice[] = [], spec: Service["spec"] = {}) =>
  planSlices({ service: service(spec), pods, zoneOf: () => "z1", existing });

/** What the server would hold after a plan. */
function apply(existing: EndpointSlice[], pods: Pod[], spec: Service["spec"] = {}) {
  const { create, update, remove } = plan(pods, existing, spec);
  const random = seededRandom(existing.length + pods.length);
  const kept = existing.filter((slice) => !remove.includes(slice))
    .map((slice) =>
      update.find(({ metadata }) => metadata?.name === slice.metadata?.name) ?? slice
    );
  const fresh = create.map((slice) => ({
    ...slice,
    metadata: { ...slice.metadata, name: random.uuid() },
  }));
  return [...kept, ...fresh];
}

const sizes = (slices: EndpointSlice[]) => slices.map((slice) => slice.endpoints?.length).sort();

Deno.test("planSlices() says of each pod whether it is ready, serving and terminating", () => {
  const cases: [string, Pod, Service["spec"], unknown][] = [
    ["ready", pod(1), {}, { ready: true, serving: true, terminating: false }],
    ["not ready", pod(1, { ready: false }), {}, {
      ready: false,
      serving: false,
      terminating: false,
    }],
    ["ending", pod(1, { going: true }), {}, { ready: false, serving: true, terminating: true }],
    ["published", pod(1, { ready: false }), { publishNotReadyAddresses: true }, {
      ready: true,
      serving: false,
      terminating: false,
    }],
    ["finished", pod(1, { phase: "Succeeded" }), {}, undefined],
  ];
  for (const [name, one, spec, conditions] of cases) {
    const [slice] = plan([one], [], spec).create;
    assert.deepEqual(slice?.endpoints?.[0]?.conditions, conditions, name);
  }
});

Deno.test("planSlices() describes the slice, and writes nothing for one that stands", () => {
  const [slice] = plan([pod(1)]).create;
  assert.deepEqual(slice?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
  assert.deepEqual(slice?.metadata?.labels, {
    team: "a",
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  assert.equal(slice?.endpoints?.[0]?.zone, "z1");
  assert.deepEqual(plan([pod(1)], [slice!]), { create: [], update: [], remove: [] });
  const [headless] = plan([], [], { clusterIP: "None" }).create;
  assert.equal(headless?.metadata?.labels?.["service.kubernetes.io/headless"], "");
  assert.deepEqual(headless?.endpoints, [], "a slice that says: nobody");
  const [hinted] = plan([pod(1)], [], { trafficDistribution: "PreferSameNode" }).create;
  assert.deepEqual(hinted?.endpoints?.[0]?.hints, {
    forZones: [{ name: "z1" }],
    forNodes: [{ name: "n1" }],
  });
});

Deno.test("planSlices() keeps endpoints where they are and slices at a hundred", () => {
  const pods = (count: number, from = 0) => Array.from({ length: count }, (_, i) => pod(from + i));
  let slices = apply([], pods(150));
  assert.deepEqual(sizes(slices), [100, 50]);
  slices = apply(slices, pods(220));
  assert.deepEqual(sizes(slices), [100, 50, 70], "what does not fit into one makes a new one");
  const before = slices;
  slices = apply(slices, pods(219));
  assert.equal(before.filter((slice) => slices.includes(slice)).length, 2, "one slice is written");
  assert.deepEqual(sizes(apply(slices, [])), [0]);
  slices = apply(slices, [pod(1), pod(2, { port: 9090 })]);
  assert.deepEqual(slices.map((slice) => slice.ports?.[0]?.port).sort(), [8080, 9090]);
});

Deno.test("planEndpoints() groups by ports and readiness", () => {
  const pods = [pod(2), pod(1, { ready: false }), pod(3, { going: true }), pod(4, { port: 9 })];
  const next = planEndpoints(service(), pods, undefined);
  assert.deepEqual(
    next?.subsets?.map((subset) => [
      subset.addresses?.map(({ ip }) => ip),
      subset.notReadyAddresses?.map(({ ip }) => ip),
      subset.ports?.map(({ port }) => port),
    ]),
    [[["10.1.0.2"], ["10.1.0.1"], [8080]], [["10.1.0.4"], undefined, [9]]],
  );
  assert.equal(planEndpoints(service(), pods, next), undefined);
  const many = Array.from({ length: 1100 }, (_, i) => pod(i));
  const cut = planEndpoints(service(), many, undefined);
  assert.equal(cut?.subsets?.[0]?.addresses?.length, 1000);
  assert.equal(
    cut?.metadata?.annotations?.["endpoints.kubernetes.io/over-capacity"],
    "truncated",
  );
});

Deno.test("endpoints follow the pods of a service", async () => {
  const simulation = new Simulation(["endpointslice", "endpoint", "deployment", "replicaset"]);
  await simulation.client.create(SERVICES, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "d" },
    spec: { clusterIP: "10.0.0.9", selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  await simulation.client.create(DEPLOYMENTS, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "d" },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "c", image: "a" }] },
      },
    },
  });
  await simulation.pass(3000);
  const ready = () =>
    simulation.api.list<EndpointSlice>("endpointslices").flatMap((slice) => slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready);
  assert.equal(ready().length, 3);
  const [endpoints] = simulation.api.list<Endpoints>("endpoints");
  assert.equal(endpoints?.subsets?.[0]?.addresses?.length, 3);
  assert.equal(endpoints?.subsets?.[0]?.ports?.[0]?.port, 80);
  const writes = simulation.api.writes.length;
  await simulation.pass(30_000);
  assert.equal(simulation.api.writes.length, writes, "a settled cluster writes nothing");
  await simulation.client.delete(SERVICES, "web", { namespace: "d" });
  await simulation.pass(2000);
  assert.deepEqual(simulation.api.list("endpoints"), []);
  await simulation.end();
});

Deno.test("planMirror() says in slices what Endpoints say", () => {
  const endpoints: Endpoints = {
    metadata: { name: "web", namespace: "d", uid: "e", labels: { a: "b" } },
    subsets: [
      {
        addresses: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
        notReadyAddresses: [{ ip: "10.0.0.2", hostname: "h" }],
        ports: [{ name: "http", port: 80, protocol: "TCP" }],
      },
      { addresses: [{ ip: "10.0.0.3" }], ports: [{ port: 81, protocol: "TCP" }] },
    ],
  };
  const first = planMirror(endpoints, []);
  assert.deepEqual(
    first.create.map(({ addressType, ports, endpoints }) => [
      addressType,
      ports?.[0]?.port,
      endpoints?.map(({ addresses, conditions }) => [addresses?.[0], conditions?.ready]),
    ]),
    [
      ["IPv4", 80, [["10.0.0.1", true], ["10.0.0.2", false]]],
      ["IPv6", 80, [["fd00::1", true]]],
      ["IPv4", 81, [["10.0.0.3", true]]],
    ],
  );
  assert.deepEqual(planMirror(endpoints, first.create), { create: [], update: [], remove: [] });
  const less = planMirror({ ...endpoints, subsets: endpoints.subsets!.slice(1) }, first.create);
  assert.deepEqual([less.create.length, less.update.length, less.remove.length], [0, 0, 2]);
});

Deno.test("Endpoints kept by hand are mirrored until they go", async () => {
  const simulation = new Simulation(["endpointslicemirroring", "endpoint", "endpointslice"]);
  const { api, client } = simulation;
  await client.create(SERVICES, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "out", namespace: "d" },
    spec: { clusterIP: "10.0.0.8", ports: [{ port: 80 }] },
  });
  const write = (ip: string) => ({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "out", namespace: "d" },
    subsets: [{ addresses: [{ ip }], ports: [{ port: 80, protocol: "TCP" }] }],
  });
  await client.create(ENDPOINTS, write("10.9.0.1"));
  await simulation.pass(1000);
  const addresses = () =>
    api.list<EndpointSlice>("endpointslices").flatMap(({ endpoints = [] }) =>
      endpoints.flatMap(({ addresses = [] }) => addresses)
    );
  assert.deepEqual(addresses(), ["10.9.0.1"]);
  await client.update(ENDPOINTS, write("10.9.0.2"));
  await simulation.pass(1000);
  assert.deepEqual(addresses(), ["10.9.0.2"]);
  await client.delete(ENDPOINTS, "out", { namespace: "d" });
  await simulation.pass(1000);
  assert.deepEqual(api.list("endpointslices"), []);
  await simulation.end();
});
