import assert from "node:assert/strict";
import { created, type Json, statusUpdated, updated } from "./validation_suite.ts";

const INGRESS = "networking.k8s.io/v1 Ingress";
const CLASS = "networking.k8s.io/v1 IngressClass";
const ADDRESS = "networking.k8s.io/v1 IPAddress";
const RANGE = "networking.k8s.io/v1 ServiceCIDR";
const POLICY = "networking.k8s.io/v1 NetworkPolicy";
const SLICE = "discovery.k8s.io/v1 EndpointSlice";
const backend = (service: Json): Json => ({ spec: { defaultBackend: { service } } });
const classOf = (parameters: Json): Json => ({
  spec: { controller: "a.b/c", parameters: { kind: "K", name: "n", ...parameters } },
});
const named = (name: string, parentRef?: Json): Json => ({
  metadata: { name },
  spec: { parentRef: parentRef ?? { resource: "services", namespace: "default", name: "s" } },
});
const ranges = (...cidrs: string[]): Json => ({ spec: { cidrs } });
const slice = (addressType: string, endpoint: Json, ports: Json[] = []): Json => ({
  addressType,
  endpoints: [{ addresses: ["10.0.0.1"], ...endpoint }],
  ports,
});
const block = (cidr: string): Json => ({
  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
});
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const FAMILY =
  "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
const NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const FROM = "spec.ingress[0].from[0].ipBlock.cidr";

const CASES: readonly (readonly [string, Json, readonly string[]])[] = [
  [INGRESS, { spec: {} }, [
    "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified",
  ]],
  [INGRESS, backend({ name: "s", port: { name: "http" } }), []],
  [INGRESS, backend({ name: "s", port: { name: "http", number: 80 } }), [
    'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
  ]],
  [INGRESS, backend({ name: "s", port: { name: "way-too-long-port" } }), [
    'spec.defaultBackend.service.port.name: Invalid value: "way-too-long-port": must be no more than 15 bytes',
  ]],
  [INGRESS, { spec: { defaultBackend: { resource: { apiGroup: "A", kind: "a/b", name: "" } } } }, [
    `spec.defaultBackend.resource.apiGroup: Invalid value: "A": ${SUBDOMAIN}`,
    `spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain '/'`,
    "spec.defaultBackend.resource.name: Required value",
  ]],
  [INGRESS, {
    metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
    spec: {
      ingressClassName: "b",
      tls: [{ secretName: "S" }],
      defaultBackend: { service: { name: "s", port: { number: 80 } } },
    },
  }, [
    `spec.tls[0].secretName: Invalid value: "S": ${SUBDOMAIN}`,
    'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
  ]],
  [CLASS, classOf({ scope: "Namespace" }), [
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ]],
  [CLASS, classOf({ scope: "Cluster", namespace: "n" }), [
    "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
  ]],
  [CLASS, classOf({ scope: "World", kind: "" }), [
    "spec.parameters.kind: Required value",
    'spec.parameters.scope: Unsupported value: "World": supported values: "Cluster", "Namespace"',
  ]],
  [CLASS, classOf({ scope: "Namespace", namespace: "n" }), []],
  [CLASS, { spec: { controller: "" } }, ["spec.controller: Required value"]],
  [ADDRESS, named("10.0.0.1"), []],
  [ADDRESS, named("fd00::1"), []],
  [ADDRESS, named("fd00:0::1"), [
    'metadata.name: Invalid value: "fd00:0::1": must be in canonical form ("fd00::1")',
  ]],
  [ADDRESS, named("010.0.0.1"), [
    'metadata.name: Invalid value: "010.0.0.1": must not have leading 0s',
  ]],
  [ADDRESS, named("::ffff:10.0.0.1"), [
    'metadata.name: Invalid value: "::ffff:10.0.0.1": must not be an IPv4-mapped IPv6 address',
  ]],
  [ADDRESS, named("ten"), [
    'metadata.name: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]],
  [ADDRESS, { metadata: { name: "10.0.0.1" }, spec: {} }, ["spec.parentRef: Required value"]],
  [ADDRESS, named("10.0.0.1", { group: "A", resource: "", name: "a/b" }), [
    `spec.parentRef.group: Invalid value: "A": ${SUBDOMAIN}`,
    "spec.parentRef.resource: Required value",
    `spec.parentRef.name: Invalid value: "a/b": may not contain '/'`,
  ]],
  [RANGE, ranges(), ["spec.cidrs: Required value: at least one CIDR required"]],
  [RANGE, ranges("10.0.0.0/24", "fd00::/64"), []],
  [RANGE, ranges("10.0.0.0/24", "10.1.0.0/24"), [
    `spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: ${FAMILY}`,
  ]],
  [RANGE, ranges("10.0.0.0/24", "fd00::/64", "10.1.0.0/24"), [
    'spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/24","fd00::/64","10.1.0.0/24"]}: may only hold up to 2 values',
  ]],
  [RANGE, ranges("10.0.0.1/24"), [
    'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
  ]],
  [RANGE, ranges("10.0.0.0/024"), [
    'spec.cidrs[0]: Invalid value: "10.0.0.0/024": must not have leading 0s in IP or prefix length',
  ]],
  [RANGE, ranges("fd00:0::/64"), [
    'spec.cidrs[0]: Invalid value: "fd00:0::/64": must be in canonical form ("fd00::/64")',
  ]],
  [RANGE, ranges("10.0.0.0/33"), [`spec.cidrs[0]: Invalid value: "10.0.0.0/33": ${NOT_A_CIDR}`]],
  [POLICY, block("10.0.0.1/24"), [
    `${FROM}: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length`,
  ]],
  [POLICY, block("fd00:0::/64"), []],
  [POLICY, block("ten/8"), [`${FROM}: Invalid value: "ten/8": ${NOT_A_CIDR}`]],
  [SLICE, slice("FQDN", { addresses: ["a.b", "c", "d.e."] }), [
    'endpoints[0].addresses[1]: Invalid value: "c": should be a domain with at least two segments separated by dots',
  ]],
  [
    SLICE,
    slice("IPv4", {
      hints: { forZones: [{ name: "a" }, { name: "a" }, { name: "-" }] },
      deprecatedTopology: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"])),
    }),
    [
      "endpoints[0].deprecatedTopology: Too many: 17: must have at most 16 items",
      'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
      `endpoints[0].hints.forZones[2].name: Invalid value: "-": a valid label must be an empty string or consist of ` +
      "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. " +
      "'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  [
    SLICE,
    slice("IPv4", {
      hints: { forNodes: Array.from({ length: 9 }, (_, i) => ({ name: `n${i}` })) },
    }),
    ["endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items"],
  ],
  [SLICE, slice("IPv4", {}, [{ name: "a", protocol: "TCP", appProtocol: "a b" }]), [
    "ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', " +
    "and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used " +
    "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ]],
];
for (const [kind, object, problems] of CASES) {
  Deno.test(`new ${kind}: ${problems[0] ?? "good"} ${JSON.stringify(object).slice(0, 70)}`, () => {
    assert.deepEqual(created(kind, object), problems);
  });
}

const spec = (member: string, value: unknown) => (object: Json) => {
  object["spec"] = { ...object["spec"] as Json, [member]: value };
};
const UPDATES: readonly (readonly [string, Json, (object: Json) => void, readonly string[]])[] = [
  [RANGE, ranges("10.0.0.0/24"), spec("cidrs", ["10.0.0.0/24", "fd00::/64"]), []],
  [RANGE, ranges("10.0.0.0/24"), spec("cidrs", ["10.1.0.0/24"]), [
    'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
  ]],
  [RANGE, ranges("10.0.0.0/24", "fd00::/64"), spec("cidrs", ["10.0.0.0/24"]), [
    'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
  ]],
  [RANGE, ranges("10.0.0.0/24"), spec("cidrs", ["10.0.0.0/24", "10.1.0.0/24"]), [
    `spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: ${FAMILY}`,
  ]],
  [ADDRESS, named("10.0.0.1"), spec("parentRef", { resource: "a", name: "b" }), [
    'spec.parentRef: Invalid value: {"resource":"a","name":"b"}: field is immutable',
  ]],
];
for (const [kind, before, change, problems] of UPDATES) {
  Deno.test(`changed ${kind}: ${problems[0] ?? "good"}`, () => {
    assert.deepEqual(updated(kind, before, change), problems);
  });
}

Deno.test("what a balancer says of an ingress is an address or a name", () => {
  const before = backend({ name: "s", port: { number: 80 } });
  const found = statusUpdated(INGRESS, before, (next) => {
    next["status"] = {
      loadBalancer: { ingress: [{ ip: "ten" }, { hostname: "10.0.0.1" }, { hostname: "a.b" }] },
    };
  });
  assert.deepEqual(found, [
    'status.loadBalancer.ingress[0].ip: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or ' +
    "2001:db8::ffff)",
    'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]);
});
