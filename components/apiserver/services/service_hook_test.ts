import assert from "node:assert/strict";
import { cloneJson, lineLogger, seededRandom } from "../../base/mod.ts";
import type { IPAddress, Service, ServiceSpec } from "../../api/served.ts";
import { FakeObjects } from "../fake_objects.ts";
import { NODE_PORT_RANGE, ServiceHook } from "./mod.ts";

const NETWORKING = "networking.k8s.io";

function cluster(cidrs = ["10.0.0.0/24"], ports = NODE_PORT_RANGE) {
  const objects = new FakeObjects();
  const open = () => {
    const hook = new ServiceHook({
      cidrs,
      reader: objects,
      writer: objects,
      random: seededRandom(1),
      logger: lineLogger(() => {}, () => 0),
      nodePorts: ports,
    });
    return { hook, end: hook.start() };
  };
  const { hook, end } = open();
  const service = (name: string, spec: ServiceSpec): Service => ({
    metadata: { name, namespace: "ns" },
    spec: { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP" }], ...spec },
  });
  const create = async (name: string, spec: ServiceSpec = { selector: { a: "b" } }) => {
    const next = service(name, spec);
    await hook.beforeCreate(next, false);
    return objects.put("", "services", next);
  };
  const update = async (previous: Service, change: (spec: ServiceSpec) => void) => {
    const next = cloneJson(previous);
    change(next.spec!);
    await hook.beforeUpdate(next, previous, false);
    const updated = objects.put("", "services", next);
    await hook.afterUpdate(next, previous);
    return updated;
  };
  const remove = async (previous: Service) => {
    objects.remove("", "services", "ns", previous.metadata?.name ?? "");
    await hook.afterDelete(previous);
  };
  const addresses = () =>
    objects.list<IPAddress>(NETWORKING, "ipaddresses").map(({ metadata }) => metadata?.name).sort();
  return { objects, hook, end, open, service, create, update, remove, addresses };
}

/** The members that allocation writes. */
const allocated = ({ spec }: Service) => ({
  clusterIP: spec?.clusterIP,
  clusterIPs: spec?.clusterIPs,
  ipFamilies: spec?.ipFamilies,
  ipFamilyPolicy: spec?.ipFamilyPolicy,
});

Deno.test("a new service gets an address above the static band, and an object that says whose it is", async () => {
  const { create, objects } = cluster();
  const { spec } = await create("s");
  const address = spec?.clusterIP ?? "";
  assert.ok(Number(address.split(".")[3]) > 16, address);
  assert.deepEqual(spec?.clusterIPs, [address]);
  assert.deepEqual([spec?.ipFamilies, spec?.ipFamilyPolicy], [["IPv4"], "SingleStack"]);
  const object = objects.get<IPAddress>(NETWORKING, "ipaddresses", "", address);
  assert.deepEqual(object?.metadata?.labels, {
    "ipaddress.kubernetes.io/ip-family": "IPv4",
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
  });
  assert.deepEqual(object?.spec?.parentRef, {
    group: "",
    resource: "services",
    namespace: "ns",
    name: "s",
  });
});

Deno.test("families and addresses follow type, policy and ranges", async (t) => {
  const selector = { a: "b" };
  const dual = ["10.0.0.0/24", "fd00::/108"];
  const cases: [string, string[], ServiceSpec, Partial<ReturnType<typeof allocated>>][] = [
    ["an ExternalName", dual, { type: "ExternalName", externalName: "x" }, {
      clusterIPs: undefined,
      ipFamilies: undefined,
      ipFamilyPolicy: undefined,
    }],
    ["headless", dual, { clusterIP: "None", selector }, {
      clusterIP: "None",
      clusterIPs: ["None"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    }],
    ["headless without pods", ["10.0.0.0/24"], { clusterIP: "None" }, {
      clusterIPs: ["None"],
      ipFamilies: ["IPv4", "IPv6"],
      ipFamilyPolicy: "RequireDualStack",
    }],
    ["an address asked for", dual, { clusterIP: "10.0.0.9", selector }, {
      clusterIP: "10.0.0.9",
      clusterIPs: ["10.0.0.9"],
      ipFamilies: ["IPv4"],
    }],
    ["the other family by its address", dual, { clusterIP: "fd00::9", selector }, {
      clusterIPs: ["fd00::9"],
      ipFamilies: ["IPv6"],
      ipFamilyPolicy: "SingleStack",
    }],
    ["prefers both, one range", ["10.0.0.0/24"], { ipFamilyPolicy: "PreferDualStack", selector }, {
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "PreferDualStack",
    }],
    [
      "both",
      dual,
      { ipFamilyPolicy: "RequireDualStack", clusterIP: "10.0.0.9", selector },
      { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" },
    ],
  ];
  for (const [name, cidrs, spec, wanted] of cases) {
    await t.step(name, async () => {
      const result = allocated(await cluster(cidrs).create("s", spec));
      const shown = Object.fromEntries(
        Object.keys(wanted).map((key) => [key, result[key as keyof typeof result]]),
      );
      assert.deepEqual(shown, wanted);
    });
  }
});

Deno.test("what cannot be had is refused in upstream's words, and leaves nothing behind", async (t) => {
  const cases: [string, ServiceSpec, string][] = [
    [
      "a taken address",
      { clusterIP: "10.0.0.5" },
      'Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.5"]: ' +
      "failed to allocate IP 10.0.0.5: provided IP is already allocated",
    ],
    [
      "an address outside",
      { clusterIP: "10.1.0.5" },
      'Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.1.0.5"]: failed to allocate IP ' +
      "10.1.0.5: the provided IP (10.1.0.5) is not in the valid range. The range of valid IPs is 10.0.0.0/24",
    ],
    [
      "the network's own address",
      { clusterIP: "10.0.0.0" },
      'Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.0"]: failed to allocate IP ' +
      "10.0.0.0: the provided IP (10.0.0.0) is not in the valid range. The range of valid IPs is 10.0.0.0/24",
    ],
    [
      "a taken port",
      { type: "NodePort", ports: [{ port: 1, nodePort: 30007 }, { port: 2, nodePort: 30005 }] },
      'Service "s" is invalid: spec.ports[1].nodePort: Invalid value: 30005: provided port is already allocated',
    ],
    [
      "a port outside",
      { type: "NodePort", ports: [{ port: 1, nodePort: 80 }] },
      'Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the ' +
      "valid range. The range of valid ports is 30000-32767",
    ],
    [
      "both families of one",
      { ipFamilyPolicy: "RequireDualStack" },
      'Service "s" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": ' +
      "this cluster is not configured for dual-stack services",
    ],
    [
      "a family that is not there",
      { ipFamilies: ["IPv6"] },
      'Service "s" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
  ];
  for (const [name, spec, message] of cases) {
    await t.step(name, async () => {
      const { create, addresses, hook, service } = cluster();
      await create("first", {
        type: "NodePort",
        clusterIP: "10.0.0.5",
        ports: [{ port: 1, nodePort: 30005 }],
        selector: { a: "b" },
      });
      const refused = service("s", { selector: { a: "b" }, ...spec });
      await assert.rejects(hook.beforeCreate(refused, false), { code: 422, message });
      assert.deepEqual(addresses(), ["10.0.0.5"]);
      const free = {
        type: "NodePort",
        ports: [{ port: 1, nodePort: 30007 }],
        selector: { a: "b" },
      };
      assert.equal((await create("s2", free)).spec?.ports?.[0]?.nodePort, 30007);
    });
  }
});

Deno.test("a range is used to its last address, and then is full", async () => {
  const { create, remove } = cluster(["10.0.0.0/29"]);
  const services: Service[] = [];
  for (let i = 0; i < 6; i++) services.push(await create(`s${i}`));
  const given = services.map(({ spec }) => spec?.clusterIP).sort();
  assert.deepEqual(given, [1, 2, 3, 4, 5, 6].map((last) => `10.0.0.${last}`));
  await assert.rejects(create("more"), {
    code: 500,
    message: "Internal error occurred: failed to allocate a serviceIP: range is full",
  });
  await remove(services[2]!);
  assert.equal((await create("again")).spec?.clusterIP, services[2]?.spec?.clusterIP);
});

Deno.test("node ports are given by type, shared by the protocols of one port, and given back", async () => {
  const { create, update, remove } = cluster(undefined, { first: 30000, last: 30003 });
  const selector = { a: "b" };
  const both = [{ port: 53, protocol: "TCP" }, { port: 53, protocol: "UDP" }, { port: 54 }];
  const dns = await create("dns", { type: "NodePort", selector, ports: both });
  const [tcp, udp, other] = dns.spec?.ports?.map(({ nodePort }) => nodePort) ?? [];
  assert.equal(tcp, udp);
  assert.notEqual(tcp, other);
  const balanced = await create("lb", { type: "LoadBalancer", selector });
  assert.ok(balanced.spec?.ports?.[0]?.nodePort);
  const direct = await create("direct", {
    type: "LoadBalancer",
    selector,
    allocateLoadBalancerNodePorts: false,
  });
  assert.equal(direct.spec?.ports?.[0]?.nodePort, undefined);
  const local = await create("local", {
    type: "LoadBalancer",
    selector,
    allocateLoadBalancerNodePorts: false,
    externalTrafficPolicy: "Local",
  });
  assert.ok(local.spec?.healthCheckNodePort);
  const full = create("full", { type: "NodePort", selector });
  await assert.rejects(full, {
    message: "Internal error occurred: failed to allocate a nodePort: range is full",
  });
  const plain = await update(balanced, (spec) => spec.type = "ClusterIP");
  assert.equal(plain.spec?.ports?.[0]?.nodePort, undefined);
  assert.equal(plain.spec?.clusterIP, balanced.spec?.clusterIP);
  const freed = await create("freed", { type: "NodePort", selector });
  assert.equal(freed.spec?.ports?.[0]?.nodePort, balanced.spec?.ports?.[0]?.nodePort);
  await remove(dns);
  const two = await create("two", {
    type: "NodePort",
    selector,
    ports: [{ port: 1 }, { port: 2 }],
  });
  assert.deepEqual(two.spec?.ports?.map(({ nodePort }) => nodePort).sort(), [tcp, other].sort());
});

Deno.test("an update keeps what it leaves out", async (t) => {
  const cases: [
    string,
    ServiceSpec,
    (spec: ServiceSpec) => void,
    (before: Service, after: Service) => void,
  ][] = [
    ["nothing but ports and selector", { type: "NodePort", selector: { a: "b" } }, (spec) => {
      for (const key of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) {
        delete spec[key];
      }
      for (const port of spec.ports ?? []) delete port.nodePort;
    }, (before, after) => assert.deepEqual(after.spec, before.spec)],
    ["a port more", { type: "NodePort", selector: { a: "b" } }, (spec) => {
      spec.ports = [{ port: 81, protocol: "TCP" }, { port: 80, protocol: "TCP" }];
    }, (before, after) => {
      const [first, second] = after.spec?.ports ?? [];
      assert.equal(second?.nodePort, before.spec?.ports?.[0]?.nodePort);
      assert.ok(first?.nodePort && first.nodePort !== second?.nodePort);
    }],
    ["to ExternalName", { selector: { a: "b" } }, (spec) => {
      spec.type = "ExternalName";
      spec.externalName = "x";
    }, (_, { spec }) => {
      assert.deepEqual(
        [spec?.clusterIP, spec?.clusterIPs, spec?.ipFamilies, spec?.ipFamilyPolicy],
        [undefined, undefined, undefined, undefined],
      );
    }],
    [
      "from ExternalName",
      { type: "ExternalName", externalName: "x", selector: { a: "b" } },
      (spec) => {
        spec.type = "ClusterIP";
      },
      (_, { spec }) => assert.match(spec?.clusterIP ?? "", /^10\.0\.0\./),
    ],
  ];
  for (const [name, spec, change, check] of cases) {
    await t.step(name, async () => {
      const { create, update, addresses } = cluster();
      const before = await create("s", spec);
      const after = await update(before, change);
      check(before, after);
      await Promise.resolve();
      assert.deepEqual(addresses(), after.spec?.clusterIPs ?? []);
    });
  }
});

Deno.test("a service moves between one family and two", async () => {
  const { create, update, addresses } = cluster(["10.0.0.0/24", "fd00::/108"]);
  const single = await create("s");
  const both = await update(single, (spec) => spec.ipFamilyPolicy = "PreferDualStack");
  assert.deepEqual(both.spec?.ipFamilies, ["IPv4", "IPv6"]);
  assert.equal(both.spec?.clusterIPs?.[0], single.spec?.clusterIP);
  assert.equal(addresses().length, 2);
  const again = await update(both, (spec) => spec.ipFamilyPolicy = "SingleStack");
  assert.deepEqual(again.spec?.clusterIPs, single.spec?.clusterIPs);
  await Promise.resolve();
  assert.deepEqual(addresses(), single.spec?.clusterIPs);
});

Deno.test("a dry run shows values and keeps none; a rollback gives back", async () => {
  const { hook, service, addresses, create } = cluster(["10.0.0.0/30"]);
  const tried = service("dry", { clusterIP: "10.0.0.1", selector: { a: "b" } });
  assert.equal(await hook.beforeCreate(tried, true), undefined);
  assert.deepEqual(addresses(), []);
  const failed = service("failed", { clusterIP: "10.0.0.1", selector: { a: "b" } });
  const rollback = await hook.beforeCreate(failed, false);
  assert.deepEqual(addresses(), ["10.0.0.1"]);
  await rollback?.();
  assert.deepEqual(addresses(), []);
  assert.equal((await create("s", { clusterIP: "10.0.0.1" })).spec?.clusterIP, "10.0.0.1");
});

Deno.test("a second create of the same service does not take the first's address away", async () => {
  const { create, hook, service, addresses } = cluster();
  await create("s", { clusterIP: "10.0.0.5" });
  await assert.rejects(hook.beforeCreate(service("s", { clusterIP: "10.0.0.5" }), false), {
    code: 422,
  });
  assert.deepEqual(addresses(), ["10.0.0.5"]);
});

Deno.test("a new start knows what is held, and repairs what a crash left", async () => {
  const { create, objects, end, open, addresses, service } = cluster();
  const kept = await create("kept", { type: "NodePort", selector: { a: "b" } });
  end();
  // A crash between the address and its service, and one that lost the object of an address.
  objects.put(NETWORKING, "ipaddresses", {
    metadata: {
      name: "10.0.0.99",
      labels: { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" },
    },
    spec: { parentRef: { group: "", resource: "services", namespace: "ns", name: "never" } },
  } as IPAddress);
  objects.remove(NETWORKING, "ipaddresses", "", kept.spec?.clusterIP ?? "");
  const second = open().hook;
  await second.repair();
  assert.deepEqual(addresses(), kept.spec?.clusterIPs);
  const same = service("x", { clusterIP: kept.spec?.clusterIP ?? "", selector: { a: "b" } });
  await assert.rejects(second.beforeCreate(same, false), { code: 422 });
  const samePort = service("x", {
    type: "NodePort",
    ports: [{ port: 1, nodePort: kept.spec?.ports?.[0]?.nodePort ?? 0 }],
  });
  await assert.rejects(second.beforeCreate(samePort, false), /provided port is already allocated/);
  const free = service("x", { clusterIP: "10.0.0.99", selector: { a: "b" } });
  await second.beforeCreate(free, false);
});

Deno.test("ServiceCIDR objects that are ready add addresses", async () => {
  const { create, objects } = cluster(["10.0.0.0/30"]);
  await create("a");
  await create("b");
  await assert.rejects(create("c"), { code: 500 });
  objects.put(NETWORKING, "servicecidrs", {
    metadata: { name: "more" },
    spec: { cidrs: ["10.9.0.0/28"] },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  } as IPAddress);
  assert.match((await create("c")).spec?.clusterIP ?? "", /^10\.9\.0\./);
});
