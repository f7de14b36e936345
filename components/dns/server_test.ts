import assert from "node:assert/strict";
import { silentLogger, systemClock } from "../base/mod.ts";
import { Resolver } from "./resolver.ts";
import { serveDns } from "./server.ts";
import { serviceRecords } from "./zone.ts";

function server(addresses: number) {
  const resolver = new Resolver("cluster.local");
  const endpoints = Array.from(
    { length: addresses },
    (_, i) => ({ addresses: [`10.1.0.${i + 1}`] }),
  );
  const service = { metadata: { name: "web", namespace: "shop" }, spec: { clusterIP: "None" } };
  resolver.set(
    "shop/web",
    serviceRecords(service, [{ addressType: "IPv4", endpoints }], "cluster.local"),
  );
  return serveDns({
    resolver,
    clock: systemClock,
    logger: silentLogger,
    host: "127.0.0.1",
    port: 0,
    upstreams: [],
  });
}

for (const [transport, addresses] of [["UDP", 2], ["TCP, since the answer is long", 60]] as const) {
  Deno.test(`serveDns answers the system's resolver over ${transport}`, async () => {
    const dns = server(addresses);
    try {
      const found = await Deno.resolveDns("web.shop.svc.cluster.local.", "A", {
        nameServer: { ipAddr: "127.0.0.1", port: dns.port },
      });
      assert.equal(found.length, addresses);
    } finally {
      dns.end();
    }
  });
}
