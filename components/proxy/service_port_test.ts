import assert from "node:assert/strict";
import type { EndpointSlice, Service } from "../api/mod.ts";
import { servicePorts } from "./service_port.ts";

const node = { name: "n1", zone: "z1" };

function service(spec: Service["spec"], labels?: Record<string, string>): Service {
  return {
    metadata: { name: "web", namespace: "shop", ...(labels === undefined ? {} : { labels }) },
    spec: { clusterIP: "10.96.0.7", ports: [{ name: "http", port: 80, protocol: "TCP" }], ...spec },
  };
}

interface Spec {
  ip: string;
  node?: string;
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
  zone?: string;
}

function slice(...endpoints: Spec[]): EndpointSlice {
  return {
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map((endpoint) => ({
      addresses: [endpoint.ip],
      conditions: {
        ready: endpoint.ready ?? true,
        serving: endpoint.serving ?? endpoint.ready ?? true,
        terminating: endpoint.terminating ?? false,
      },
      nodeName: endpoint.node ?? "n2",
      ...(endpoint.zone === undefined ? {} : { hints: { forZones: [{ name: endpoint.zone }] } }),
    })),
  };
}

const cases: {
  name: string;
  service: Service;
  slices: EndpointSlice[];
  cluster: string[];
  local: string[];
  any: boolean;
}[] = [
  {
    name: "ready endpoints are used, others not",
    service: service({}),
    slices: [slice({ ip: "10.1.0.2" }, { ip: "10.1.0.3", ready: false })],
    cluster: ["10.1.0.2"],
    local: [],
    any: true,
  },
  {
    name: "with none ready, those that serve while terminating are used",
    service: service({}),
    slices: [slice(
      { ip: "10.1.0.2", ready: false, serving: true, terminating: true, node: "n1" },
      { ip: "10.1.0.3", ready: false, serving: false, terminating: true },
    )],
    cluster: ["10.1.0.2"],
    local: ["10.1.0.2"],
    any: true,
  },
  {
    name: "hints for this zone narrow when every ready endpoint has one",
    service: service({}),
    slices: [slice({ ip: "10.1.0.2", zone: "z1" }, { ip: "10.1.0.3", zone: "z2", node: "n1" })],
    cluster: ["10.1.0.2"],
    local: ["10.1.0.3"],
    any: true,
  },
  {
    name: "one endpoint without a hint switches hints off",
    service: service({}),
    slices: [slice({ ip: "10.1.0.2", zone: "z1" }, { ip: "10.1.0.3" })],
    cluster: ["10.1.0.2", "10.1.0.3"],
    local: [],
    any: true,
  },
  {
    name: "no endpoint at all",
    service: service({}),
    slices: [],
    cluster: [],
    local: [],
    any: false,
  },
];

for (const { name, service, slices, cluster, local, any } of cases) {
  Deno.test(`servicePorts: ${name}`, () => {
    const [port] = servicePorts(service, slices, node);
    assert.ok(port);
    assert.deepEqual(port.clusterEndpoints.map((endpoint) => endpoint.address), cluster);
    assert.deepEqual(port.localEndpoints.map((endpoint) => endpoint.address), local);
    assert.equal(port.anyEndpoint, any);
  });
}

const none: [string, Service][] = [
  ["headless", service({ clusterIP: "None" })],
  ["ExternalName", service({ type: "ExternalName" })],
  ["another proxy's", service({}, { "service.kubernetes.io/service-proxy-name": "x" })],
];
for (const [name, item] of none) {
  Deno.test(`servicePorts gives none for a Service that is ${name}`, () => {
    assert.deepEqual(servicePorts(item, [], node), []);
  });
}
