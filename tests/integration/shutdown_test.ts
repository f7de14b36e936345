import assert from "node:assert/strict";
import {
  MetricRegistry,
  seededRandom,
  silentLogger,
  systemClock,
} from "../../components/base/mod.ts";
import { ApiServerRole } from "../../components/cluster/roles/api_server.ts";
import { DEFAULT_NETWORK } from "../../components/cluster/network.ts";
import { openPki } from "../../components/pki/mod.ts";
import { openKvStore } from "../../components/storage/mod.ts";

const UPGRADE = [
  "GET /tunnel/v1/nodes/node-1 HTTP/1.1",
  "host: x",
  "upgrade: websocket",
  "connection: Upgrade",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

Deno.test("ApiServerRole ends though a caller went away in the middle of an upgrade", async () => {
  const directory = await Deno.makeTempDir();
  const clock = systemClock;
  const random = seededRandom(1);
  const store = await openKvStore({ directory: "memory", logger: silentLogger, clock });
  const role = await ApiServerRole.start({
    store,
    pki: await openPki(`${directory}/pki`, { clock, random }),
    network: DEFAULT_NETWORK,
    advertise: { addresses: ["10.0.0.1"], port: 6443 },
    clock,
    random,
    logger: silentLogger,
    metrics: new MetricRegistry(),
  });
  await role.ready;
  const path = `${directory}/socket`;
  role.listenSocket(path, { username: "system:node:node-1", groups: ["system:nodes"] });
  const caller = await Deno.connect({ transport: "unix", path });
  await caller.write(new TextEncoder().encode(UPGRADE));
  caller.close();
  // An ordinary request that comes later is answered later: by then the upgrade is under way.
  const next = await Deno.connect({ transport: "unix", path });
  await next.write(new TextEncoder().encode("GET /version HTTP/1.1\r\nhost: x\r\n\r\n"));
  assert.ok((await next.read(new Uint8Array(1024)) ?? 0) > 0);
  next.close();
  await role.end();
  await store.close();
  await Deno.remove(directory, { recursive: true });
});
