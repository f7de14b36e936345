import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger, systemClock } from "../../base/mod.ts";
import { openPki, type Pki } from "../../pki/mod.ts";
import {
  dialLocal,
  Door,
  keepTunnels,
  KUBELET_HOST,
  SERVERS_POLL_MILLISECONDS,
  TUNNEL_SERVERS_PATH,
  TunnelHub,
} from "../../serving/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import { tunnelKubelets } from "./tunnel_connectors.ts";
import { acceptTunnel, otherServers, tunnelAuthorizer } from "./tunnel_door.ts";

interface Server {
  readonly hub: TunnelHub;
  readonly door: Door;
  readonly url: string;
  readonly others: string[];
}

async function startServer(pki: Pki): Promise<Server> {
  const hub = new TunnelHub(silentLogger);
  const others: string[] = [];
  const { key, certificate } = await pki.serving("x", { commonName: "x", hosts: ["127.0.0.1"] });
  const door = await Door.open({
    host: "127.0.0.1",
    port: 0,
    credentials: { key, certificate },
    logger: silentLogger,
    clock: systemClock,
    handle: (request) =>
      acceptTunnel(hub, request, new URL(request.url).pathname, () => others) ??
        Promise.resolve(new Response(null, { status: 404 })),
  });
  return { hub, door, url: `https://127.0.0.1:${door.port}`, others };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

Deno.test("a node is reached through whichever API server is asked", async () => {
  const pki = await openPki(undefined, { clock: systemClock, random: seededRandom(1) });
  const [one, two] = await Promise.all([startServer(pki), startServer(pki)]);
  const kubelet = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => new Response(`kubelet ${new URL(request.url).pathname}`),
  );
  const client = Deno.createHttpClient({ caCerts: [pki.authority.certificate] });
  const abort = new AbortController();
  const clock = new FakeClock();
  const running = keepTunnels({
    server: one.url,
    client,
    nodeName: "n",
    clock,
    logger: silentLogger,
    accept: ({ host }) => {
      assert.equal(host, KUBELET_HOST);
      return dialLocal({ hostname: "127.0.0.1", port: kubelet.addr.port });
    },
  }, abort.signal);
  const ask = async ({ hub }: Server) => {
    const credentials = { authority: "", certificate: "", key: "" };
    // An address that nobody has a route to.
    const address = { node: "n", host: "203.0.113.7", port: 10250 };
    const request = { method: "GET", headers: new Headers(), body: null };
    const answer = await tunnelKubelets(hub, client, credentials).fetch(address, "/pods", request);
    return await answer.text();
  };
  try {
    await until(() => one.hub.has("n"));
    assert.equal(two.hub.has("n"), false);
    // A second server comes, and the first tells of it.
    one.others.push(two.url, "ftp://x", "https://127.0.0.1:1");
    await until(() => clock.pending > 0);
    await clock.advance(SERVERS_POLL_MILLISECONDS);
    await until(() => two.hub.has("n"));
    assert.deepEqual([await ask(one), await ask(two)], ["kubelet /pods", "kubelet /pods"]);
    // Its end is told as well, and the node leaves it.
    one.others.length = 0;
    await until(() => clock.pending > 0);
    await clock.advance(SERVERS_POLL_MILLISECONDS);
    await until(() => !two.hub.has("n"));
    assert.equal(await ask(one), "kubelet /pods");
  } finally {
    abort.abort();
    await running;
    await Promise.all([one, two].map(async ({ door, hub }) => {
      await hub.close();
      await door.close();
    }));
    client.close();
    await kubelet.shutdown();
  }
});

Deno.test("otherServers() are those that kubernetes.default leads to, without the own", () => {
  const objects = new FakeObjects();
  assert.deepEqual(otherServers(objects, []), []);
  objects.put("", "endpoints", {
    metadata: { name: "kubernetes", namespace: "default" },
    subsets: [{
      addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }, { ip: "fd00::1" }],
      ports: [{ name: "https", port: 6443 }],
    }],
  } as never);
  assert.deepEqual(otherServers(objects, ["10.0.0.2"]), [
    "https://10.0.0.1:6443",
    "https://[fd00::1]:6443",
  ]);
});

Deno.test("a node asks for its own tunnel and for the servers, and nobody else does", () => {
  const node = { username: "system:node:n", groups: ["system:nodes"] };
  const cases: [typeof node, string, string, boolean][] = [
    [node, "get", "/tunnel/v1/nodes/n", true],
    [node, "get", "/tunnel/v1/nodes/m", false],
    [node, "get", "/tunnel/v1/nodes/", false],
    [node, "get", TUNNEL_SERVERS_PATH, true],
    [node, "post", TUNNEL_SERVERS_PATH, false],
    [node, "get", `${TUNNEL_SERVERS_PATH}/n`, false],
    [{ username: "n", groups: ["system:nodes"] }, "get", TUNNEL_SERVERS_PATH, false],
    [{ username: "system:node:", groups: ["system:nodes"] }, "get", "/tunnel/v1/nodes/", false],
    [{ username: "system:node:n", groups: [] }, "get", TUNNEL_SERVERS_PATH, false],
  ];
  for (const [user, verb, path, allowed] of cases) {
    const decision = tunnelAuthorizer.authorize(
      { isResourceRequest: false, path, user, verb } as never,
    );
    assert.equal(
      (decision as { allowed: boolean }).allowed,
      allowed,
      `${user.username} ${verb} ${path}`,
    );
  }
});
