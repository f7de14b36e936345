import assert from "node:assert/strict";
import { ruleset } from "./ruleset.ts";
import type { ServicePort } from "./service_port.ts";

const base: ServicePort = {
  id: "shop/web/tcp/http",
  protocol: "tcp",
  port: 80,
  clusterIP: "10.96.0.7",
  externalIPs: [],
  internalLocal: false,
  externalLocal: false,
  clusterEndpoints: [{ address: "10.1.0.2", port: 8080 }, { address: "10.1.1.3", port: 8080 }],
  localEndpoints: [{ address: "10.1.0.2", port: 8080 }],
  anyEndpoint: true,
};
const options = {
  clusterCidr: "10.1.0.0/16",
  nodeIPs: ["192.0.2.1"],
  serviceCidrs: ["10.96.0.0/16"],
};

const cases: { name: string; port: Partial<ServicePort>; has: string[]; hasNot?: string[] }[] = [
  {
    name: "a cluster IP goes to its endpoints at random",
    port: {},
    has: [
      "10.96.0.7 . tcp . 80 : goto service-shop/web/tcp/http",
      "dnat ip to numgen random mod 2 map { 0 : 10.1.0.2 . 8080, 1 : 10.1.1.3 . 8080 }",
    ],
    hasNot: ["external-"],
  },
  {
    name: "without any endpoint it is refused",
    port: { clusterEndpoints: [], localEndpoints: [], anyEndpoint: false },
    has: ["10.96.0.7 . tcp . 80 : goto reject-chain"],
    hasNot: ["chain service-shop"],
  },
  {
    name: "policy Local without a local endpoint drops",
    port: { internalLocal: true, localEndpoints: [] },
    has: ["10.96.0.7 . tcp . 80 : drop"],
  },
  {
    name: "a node port masquerades under policy Cluster",
    port: { nodePort: 30080 },
    has: [
      "tcp . 30080 : goto external-shop/web/tcp/http",
      "jump mark-for-masquerade\n    goto service-shop/web/tcp/http",
    ],
  },
  {
    name: "a node port under policy Local keeps the client's address",
    port: { nodePort: 30080, externalLocal: true },
    has: ["goto local-shop/web/tcp/http\n  }"],
    hasNot: ["jump mark-for-masquerade\n    goto service"],
  },
  {
    name: "affinity remembers clients per endpoint",
    port: { affinitySeconds: 60 },
    has: [
      "timeout 60s",
      "ip saddr @affinity-0-service-shop/web/tcp/http goto endpoint-0-service-shop/web/tcp/http",
    ],
  },
];

for (const { name, port, has, hasNot } of cases) {
  Deno.test(`ruleset: ${name}`, () => {
    const text = ruleset([{ ...base, ...port }], options);
    for (const part of has) assert.ok(text.includes(part), `${part}\nnot in\n${text}`);
    for (const part of hasNot ?? []) assert.ok(!text.includes(part), `${part}\nin\n${text}`);
  });
}
