import assert from "node:assert/strict";
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  type Event,
  EVENTS,
  type Node,
  NODES,
  type Service,
  SERVICES,
} from "../api/mod.ts";
import { silentLogger, sleep, systemClock, systemRandom } from "../base/mod.ts";
import { type PortForward, PortInUseError } from "../host/mod.ts";
import { Cluster } from "./cluster.ts";
import { localTarget, nodePortsOf, portTarget } from "./node_port_plan.ts";
import { NodePorts } from "./node_ports.ts";

Deno.test("nodePortsOf() takes TCP and UDP ports of Services that have node ports", () => {
  const cases: [Service["spec"], string[]][] = [
    [{ type: "ClusterIP", ports: [{ port: 80 }] }, []],
    [{ type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }, ["tcp/30080"]],
    [{ type: "NodePort", ports: [{ port: 80 }] }, []],
    [
      {
        type: "LoadBalancer",
        ports: [
          { port: 53, protocol: "UDP", nodePort: 30053 },
          { port: 53, protocol: "TCP", nodePort: 30053 },
          { port: 54, protocol: "SCTP", nodePort: 30054 },
        ],
      },
      ["udp/30053", "tcp/30053"],
    ],
    [{ type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 1 }] }, []],
    [undefined, []],
  ];
  for (const [spec, expected] of cases) {
    const service: Service = { metadata: { name: "s" }, ...(spec === undefined ? {} : { spec }) };
    const found = nodePortsOf(service).map(({ protocol, port }) => `${protocol}/${port}`);
    assert.deepEqual(found, expected);
  }
});

Deno.test("portTarget() stays while it can", () => {
  const nodes = (text: string) =>
    text.split(" ").map((word) => ({ name: word.slice(0, 1), ready: word.endsWith("+") }));
  for (
    const [current, text, expected] of [
      [undefined, "a- b-", undefined],
      [undefined, "a- b+ c+", "b"],
      ["b", "a+ b+", "b"],
      ["b", "a+ b-", "a"],
      ["b", "a- b-", "b"],
      ["gone", "a- b+", "b"],
    ] as const
  ) assert.equal(portTarget(current, nodes(text)), expected, `${current}: ${text}`);
});

Deno.test("localTarget() is a node with endpoints, and stays while it can", () => {
  const nodes = (text: string) =>
    text.split(" ").map((word) => ({ name: word.slice(0, 1), ready: word.endsWith("+") }));
  for (
    const [current, text, endpoints, expected] of [
      [undefined, "a+ b+", "", undefined],
      [undefined, "a+ b+", "b", "b"],
      ["a", "a+ b+", "b", "b"],
      ["b", "a+ b+", "ab", "b"],
      ["b", "a+ b-", "ab", "a"],
      ["b", "a+ b-", "b", "b"],
      [undefined, "a+ b-", "b", undefined],
      [undefined, "a+", "z", undefined],
    ] as const
  ) {
    const found = localTarget(current, nodes(text), new Set(endpoints));
    assert.equal(found, expected, `${current}: ${text} with ${endpoints}`);
  }
});

/** A fabric that only remembers. */
class Forwards {
  readonly standing = new Map<string, string>();
  readonly taken = new Set<string>();
  changes = 0;

  forward({ protocol, hostPort, nodeAddress, nodePort }: PortForward): Promise<void> {
    const key = `${protocol}/${hostPort}`;
    if (this.taken.has(key)) return Promise.reject(new PortInUseError(protocol, hostPort));
    if (this.standing.get(key) !== `${nodeAddress}:${nodePort}`) this.changes++;
    this.standing.set(key, `${nodeAddress}:${nodePort}`);
    return Promise.resolve();
  }

  unforward(protocol: string, hostPort: number): Promise<void> {
    this.standing.delete(`${protocol}/${hostPort}`);
    return Promise.resolve();
  }

  forwards() {
    return Promise.resolve([...this.standing.keys()].map((key) => {
      const [protocol, port] = key.split("/");
      return { protocol: protocol as "tcp" | "udp", hostPort: Number(port) };
    }));
  }

  async become(expected: Record<string, string>): Promise<void> {
    const end = performance.now() + 10_000;
    for (;;) {
      const now = Object.fromEntries([...this.standing].sort());
      if (JSON.stringify(now) === JSON.stringify(expected)) return;
      if (performance.now() > end) assert.deepEqual(now, expected);
      await sleep(systemClock, 5);
    }
  }
}

Deno.test("the machine's ports come and go with Services and nodes", async () => {
  await using cluster = await Cluster.start({ nodes: 0 });
  const { client } = cluster;
  const nodes = [{ name: "a", address: "10.0.0.2" }, { name: "b", address: "10.0.0.3" }];
  const setReady = async (name: string, ready: boolean) => {
    const status = { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] };
    await client.patch(NODES, name, { status }, { type: "merge", subresource: "status" });
  };
  for (const { name } of nodes) await client.create(NODES, { metadata: { name } } as Node);
  await setReady("b", true);
  const service = (name: string, protocol: string, nodePort: number): Service => ({
    metadata: { name, namespace: "default" },
    spec: { type: "NodePort", ports: [{ port: 80, protocol, nodePort }] },
  });
  await client.create(SERVICES, service("web", "TCP", 30080));
  await client.create(SERVICES, service("taken", "TCP", 30090));

  const fabric = new Forwards();
  // What a former process has left: one that is still right, and one of nobody.
  fabric.standing.set("tcp/30080", "10.0.0.3:30080").set("udp/31000", "10.0.0.2:31000");
  fabric.taken.add("tcp/30090");
  const ports = new NodePorts({
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    fabric,
    nodes,
  });
  try {
    await fabric.become({ "tcp/30080": "10.0.0.3:30080" });
    assert.equal(fabric.changes, 0, "what stood and is asked for was left alone");
    await client.create(SERVICES, service("names", "UDP", 30053));
    await fabric.become({ "tcp/30080": "10.0.0.3:30080", "udp/30053": "10.0.0.3:30053" });

    await setReady("a", true);
    await client.delete(SERVICES, "names", { namespace: "default" });
    await fabric.become({ "tcp/30080": "10.0.0.3:30080" });
    await setReady("b", false);
    await fabric.become({ "tcp/30080": "10.0.0.2:30080" });

    await client.patch(SERVICES, "web", { spec: { ports: [{ port: 80, nodePort: 30081 }] } }, {
      type: "merge",
      namespace: "default",
    });
    await fabric.become({ "tcp/30081": "10.0.0.2:30081" });
    const { items } = await client.list<Event>(EVENTS, { namespace: "default" });
    assert.deepEqual(
      items.filter(({ reason }) => reason === "PortInUse")
        .map(({ message, type, involvedObject }) => [type, involvedObject?.name, message]),
      [[
        "Warning",
        "taken",
        "node port 30090 does not lead here from this machine: " +
        "tcp port 30090 of 127.0.0.1 is in use by another program",
      ]],
    );
    await client.patch(SERVICES, "web", { spec: { type: "ClusterIP" } }, {
      type: "merge",
      namespace: "default",
    });
    await fabric.become({});
  } finally {
    await ports.end();
  }
});

Deno.test("a port whose traffic stays on its node leads to one with endpoints", async () => {
  await using cluster = await Cluster.start({ nodes: 0 });
  const { client } = cluster;
  const nodes = [{ name: "a", address: "10.0.0.2" }, { name: "b", address: "10.0.0.3" }];
  for (const { name } of nodes) {
    await client.create(NODES, { metadata: { name } } as Node);
    const status = { conditions: [{ type: "Ready", status: "True" }] };
    await client.patch(NODES, name, { status }, { type: "merge", subresource: "status" });
  }
  await client.create<Service>(SERVICES, {
    metadata: { name: "local", namespace: "default" },
    spec: {
      type: "NodePort",
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, nodePort: 30080 }],
    },
  });
  const slice = (nodeName: string, ready: boolean): EndpointSlice => ({
    metadata: {
      name: "s",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "local" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.0.9"], nodeName, conditions: { ready, serving: ready } }],
    ports: [{ port: 80 }],
  });
  await client.create(ENDPOINT_SLICES, slice("b", true));
  const fabric = new Forwards();
  const ports = new NodePorts({
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    fabric,
    nodes,
  });
  try {
    await fabric.become({ "tcp/30080": "10.0.0.3:30080" });
    const move = (to: EndpointSlice) =>
      client.patch(ENDPOINT_SLICES, "s", { endpoints: to.endpoints ?? [] }, {
        type: "merge",
        namespace: "default",
      });
    await move(slice("a", true));
    await fabric.become({ "tcp/30080": "10.0.0.2:30080" });
    await move(slice("b", true));
    await fabric.become({ "tcp/30080": "10.0.0.3:30080" });
    // Like any other again: where ports lead that may be answered anywhere.
    await client.patch(SERVICES, "local", { spec: { externalTrafficPolicy: "Cluster" } }, {
      type: "merge",
      namespace: "default",
    });
    await fabric.become({ "tcp/30080": "10.0.0.2:30080" });
    await client.delete(SERVICES, "local", { namespace: "default" });
    await fabric.become({});
  } finally {
    await ports.end();
  }
});
