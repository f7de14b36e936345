import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import * as packets from "dns-packet";
import type { EndpointSlice, Service } from "../api/mod.ts";
import { answerQuery } from "./exchange.ts";
import { Resolver } from "./resolver.ts";
import { reverseName, serviceRecords } from "./zone.ts";

const service = (name: string, spec: Service["spec"]): Service => ({
  metadata: { name, namespace: "shop" },
  spec: spec ?? {},
});

function cluster(): Resolver {
  const resolver = new Resolver("cluster.local");
  const put = (item: Service, ...slices: EndpointSlice[]) =>
    resolver.set(`shop/${item.metadata?.name}`, serviceRecords(item, slices, "cluster.local"));
  put(service("web", {
    clusterIP: "10.96.0.7",
    clusterIPs: ["10.96.0.7", "fd00::7"],
    ports: [{ name: "http", port: 80, protocol: "TCP" }, { port: 9, protocol: "UDP" }],
  }));
  put(service("db", { clusterIP: "None" }), {
    addressType: "IPv4",
    ports: [{ name: "sql", port: 5432, protocol: "TCP" }],
    endpoints: [
      { addresses: ["10.1.0.2"], hostname: "db-0", conditions: { ready: true } },
      { addresses: ["10.1.0.3"], conditions: { ready: true } },
      { addresses: ["10.1.0.4"], conditions: { ready: false } },
    ],
  });
  put(service("out", { type: "ExternalName", externalName: "example.org" }));
  return resolver;
}

const questions: [string, string, string | string[]][] = [
  ["web.shop.svc.cluster.local", "A", ["10.96.0.7"]],
  ["WEB.Shop.svc.cluster.local.", "A", ["10.96.0.7"]],
  ["web.shop.svc.cluster.local", "AAAA", ["fd00::7"]],
  ["_http._tcp.web.shop.svc.cluster.local", "SRV", ["80 web.shop.svc.cluster.local"]],
  ["7.0.96.10.in-addr.arpa", "PTR", ["web.shop.svc.cluster.local"]],
  ["db.shop.svc.cluster.local", "A", ["10.1.0.2", "10.1.0.3"]],
  ["db-0.db.shop.svc.cluster.local", "A", ["10.1.0.2"]],
  ["10-1-0-3.db.shop.svc.cluster.local", "A", ["10.1.0.3"]],
  ["_sql._tcp.db.shop.svc.cluster.local", "SRV", [
    "5432 db-0.db.shop.svc.cluster.local",
    "5432 10-1-0-3.db.shop.svc.cluster.local",
  ]],
  ["2.0.1.10.in-addr.arpa", "PTR", ["db-0.db.shop.svc.cluster.local"]],
  ["out.shop.svc.cluster.local", "A", ["example.org"]],
  ["10-1-2-3.shop.pod.cluster.local", "A", ["10.1.2.3"]],
  ["dns-version.cluster.local", "TXT", ["1.1.0"]],
  ["db.shop.svc.cluster.local", "AAAA", "empty"],
  ["shop.svc.cluster.local", "A", "empty"],
  ["nobody.shop.svc.cluster.local", "A", "unknown"],
  ["web.elsewhere.svc.cluster.local", "A", "unknown"],
  ["10-1-2-300.shop.pod.cluster.local", "A", "unknown"],
  ["example.org", "A", "elsewhere"],
  ["9.9.9.9.in-addr.arpa", "PTR", "elsewhere"],
];

for (const [name, type, expected] of questions) {
  Deno.test(`Resolver answers ${type} ${name}`, () => {
    const resolution = cluster().resolve(name, type);
    if (typeof expected === "string") {
      assert.equal(resolution.kind, expected);
      return;
    }
    assert.equal(resolution.kind, "answer");
    const data = resolution.kind === "answer"
      ? resolution.records.map((record) =>
        record.type === "SRV" ? `${record.data.port} ${record.data.target}` : record.data
      )
      : [];
    assert.deepEqual(data, expected);
  });
}

Deno.test("Resolver forgets a Service that is gone", () => {
  const resolver = cluster();
  resolver.delete("shop/web");
  assert.equal(resolver.resolve("web.shop.svc.cluster.local", "A").kind, "unknown");
  assert.equal(resolver.resolve("db.shop.svc.cluster.local", "A").kind, "answer");
});

Deno.test("reverseName writes both families", () => {
  assert.equal(reverseName("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  assert.equal(
    reverseName("2001:db8::1"),
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
  );
});

async function ask(
  name: string,
  type: packets.RecordType,
  transport: "udp" | "tcp" = "udp",
  resolver = cluster(),
) {
  const query = packets.encode({
    type: "query",
    id: 7,
    flags: packets.RECURSION_DESIRED,
    questions: [{ type, name }],
  });
  const answer = await answerQuery(query, transport, resolver, () => Promise.resolve(undefined));
  assert.ok(answer);
  // The types leave out the answer code.
  return packets.decode(Buffer.from(answer)) as packets.DecodedPacket & { rcode: string };
}

Deno.test("answerQuery says NXDOMAIN for no such name and nothing for another type", async () => {
  const unknown = await ask("nobody.shop.svc.cluster.local", "A");
  assert.equal(unknown.rcode, "NXDOMAIN");
  assert.equal(unknown.authorities?.[0]?.type, "SOA");
  const empty = await ask("db.shop.svc.cluster.local", "AAAA");
  assert.equal(empty.rcode, "NOERROR");
  assert.equal(empty.answers?.length, 0);
  assert.equal(empty.id, 7);
});

Deno.test("answerQuery cuts what UDP cannot carry and sends it whole over TCP", async () => {
  const resolver = new Resolver("cluster.local");
  const addresses = Array.from({ length: 60 }, (_, i) => `10.1.0.${i + 1}`);
  const endpoints = addresses.map((address) => ({ addresses: [address] }));
  resolver.set(
    "shop/many",
    serviceRecords(
      service("many", { clusterIP: "None" }),
      [{ addressType: "IPv4", endpoints }],
      "cluster.local",
    ),
  );
  const cut = await ask("many.shop.svc.cluster.local", "A", "udp", resolver);
  assert.equal(cut.flag_tc, true);
  assert.equal(cut.answers?.length, 29);
  const whole = await ask("many.shop.svc.cluster.local", "A", "tcp", resolver);
  assert.equal(whole.answers?.length, 60);
});

Deno.test("answerQuery spells the asked name once, so that many addresses fit into a datagram", async () => {
  const resolver = new Resolver("cluster.local");
  const endpoints = Array.from({ length: 20 }, (_, i) => ({ addresses: [`10.1.0.${i + 1}`] }));
  const slices = [{ addressType: "IPv4", endpoints }];
  const name = "a-name-of-some-length.shop.svc.cluster.local";
  resolver.set(
    "shop/a-name-of-some-length",
    serviceRecords(
      service("a-name-of-some-length", { clusterIP: "None" }),
      slices,
      "cluster.local",
    ),
  );
  const { flag_tc, answers = [] } = await ask(name, "A", "udp", resolver);
  assert.equal(flag_tc, false);
  assert.deepEqual(answers.map((record) => record.name), Array(20).fill(name));
  assert.deepEqual(
    answers.map((record) => (record as { data?: unknown }).data),
    endpoints.map(({ addresses }) => addresses[0]),
  );
});

Deno.test("answerQuery says SERVFAIL when nobody outside answers", async () => {
  assert.equal((await ask("example.org", "A")).rcode, "SERVFAIL");
});

Deno.test("answerQuery ignores what is not a question", async () => {
  const nobody = () => Promise.resolve(undefined);
  assert.equal(await answerQuery(new Uint8Array([1, 2, 3]), "udp", cluster(), nobody), undefined);
});
