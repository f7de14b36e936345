/** Several API servers on one etcd: what each of them shows of the others, and what they agree on. */
import assert from "node:assert/strict";
import { sleep, systemClock, systemRandom } from "../../components/base/mod.ts";
import { encodeProtobuf, type KubeObject } from "../../components/api/served.ts";
import { openPki } from "../../components/pki/mod.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";
import { EtcdApiServer } from "../etcd_api_server.ts";

const PATCH = { "content-type": "application/merge-patch+json" };
const range = (length: number) => Array.from({ length }, (_, i) => i);

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await sleep(systemClock, 10);
}

async function withServers(
  run: (servers: EtcdApiServer[], etcd: EtcdMembers) => Promise<void>,
): Promise<void> {
  const etcd = await EtcdMembers.start();
  const servers: EtcdApiServer[] = [];
  try {
    const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
    const started = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(async (address) => {
      servers.push(await EtcdApiServer.start(address, pki, etcd));
    });
    await Promise.all(started);
    await Promise.all(servers.map(({ server }) => server.ready));
    servers.sort((one, two) => one.address < two.address ? -1 : 1);
    await run(servers, etcd);
  } finally {
    for (const server of servers) await server.kill();
    await etcd.end();
  }
}

if (etcdIsThere) {
  Deno.test("API servers that share an etcd", async (t) => {
    await withServers(async (servers, etcd) => {
      const [one, two, three] = servers as [EtcdApiServer, EtcdApiServer, EtcdApiServer];
      await t.step("show at once what another has acknowledged", () => freshness(servers));
      await t.step("tell watchers what another has written", () => watches(one, two));
      await t.step("let one of two conflicting writes win", () => conflicts(one, two));
      await t.step("never give an address or a port twice", () => allocation(servers));
      await t.step("judge by rights that another was given", () => rights(one, two));
      await t.step("store what a kube-apiserver reads", () => storage(one));
      await t.step("read what a kube-apiserver stored as protobuf", () => protobuf(one, two));
      await t.step("serve custom resources that another was told of", () => custom(one, two));
      await t.step("let events end, also when they are changed", () => events(one, etcd));
      await t.step("page a list at one revision on different servers", () => pages(one, two));
      await t.step("say how etcd is", () => health(one));
      await t.step("lead clients to those that live", () => endpoints(one, two, three));
      await t.step("say when etcd is away, and go on when it is back", () => outage(one, etcd));
    });
  });
}

async function freshness(servers: readonly EtcdApiServer[]): Promise<void> {
  const path = "/api/v1/namespaces/default/configmaps";
  for (const i of range(30)) {
    const writer = servers[i % 3] as EtcdApiServer;
    const reader = servers[(i + 1) % 3] as EtcdApiServer;
    const made = await writer.send("POST", path, { metadata: { name: `c-${i}` } });
    assert.equal(made.code, 201, JSON.stringify(made.body));
    const read = await reader.send("GET", `${path}/c-${i}`);
    assert.equal(read.body.metadata?.resourceVersion, made.body.metadata.resourceVersion);
    const patched = await reader.send("PATCH", `${path}/c-${i}`, { data: { a: `${i}` } }, PATCH);
    assert.equal(patched.code, 200);
    const list = await writer.send("GET", path);
    const found = list.body.items.find((item: { metadata: { name: string } }) =>
      item.metadata.name === `c-${i}`
    );
    assert.equal(found?.data?.a, `${i}`);
  }
}

async function watches(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const path = "/api/v1/namespaces/default/secrets";
  const { body } = await two.send("GET", path);
  const query = `?watch=true&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=60`;
  const response = await two.fetch("GET", path + query);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (const i of range(20)) await one.send("POST", path, { metadata: { name: `s-${i}` } });
  let text = "";
  const names = () =>
    text.split("\n").slice(0, -1).map((line) => JSON.parse(line).object.metadata.name);
  while (names().length < 20) text += (await reader.read()).value ?? "";
  assert.deepEqual(names(), range(20).map((i) => `s-${i}`));
  await reader.cancel();
}

async function conflicts(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const path = "/api/v1/namespaces/default/configmaps";
  const { body } = await one.send("POST", path, { metadata: { name: "fought-for" } });
  const puts = await Promise.all(
    range(10).map((i) =>
      (i % 2 === 0 ? one : two).send("PUT", `${path}/fought-for`, { ...body, data: { by: `${i}` } })
    ),
  );
  assert.equal(puts.filter(({ code }) => code === 200).length, 1);
  assert.equal(puts.filter(({ code }) => code === 409).length, 9);
  const creates = await Promise.all(
    range(10).map((i) =>
      (i % 2 === 0 ? one : two).send("POST", path, { metadata: { name: "only-one" } })
    ),
  );
  assert.deepEqual(creates.map(({ code }) => code).sort(), [201, ...Array(9).fill(409)]);
  const patches = await Promise.all(
    range(20).map((i) =>
      (i % 2 === 0 ? one : two)
        .send("PATCH", `${path}/only-one`, { data: { [`k${i}`]: "v" } }, PATCH)
    ),
  );
  assert.ok(patches.every(({ code }) => code === 200));
  const { body: merged } = await two.send("GET", `${path}/only-one`);
  assert.equal(Object.keys(merged.data).length, 20);
}

async function allocation(servers: readonly EtcdApiServer[]): Promise<void> {
  const path = "/api/v1/namespaces/default/services";
  const service = (name: string, spec: Record<string, JsonSpec> = {}) => ({
    metadata: { name },
    spec: { type: "NodePort", selector: { a: "b" }, ports: [{ port: 80 }], ...spec },
  });
  const made = await Promise.all(
    range(60).map((i) => (servers[i % 3] as EtcdApiServer).send("POST", path, service(`svc-${i}`))),
  );
  assert.deepEqual(
    [...new Set(made.map(({ code }) => code))],
    [201],
    JSON.stringify(made[0]?.body),
  );
  assert.equal(new Set(made.map(({ body }) => body.spec.clusterIP)).size, 60);
  assert.equal(new Set(made.map(({ body }) => body.spec.ports[0].nodePort)).size, 60);

  const port = { ports: [{ port: 80, nodePort: 30001 }] };
  const ask = (name: string) =>
    Promise.all(
      servers.map((server, i) => server.send("POST", path, service(`${name}-${i}`, port))),
    );
  const asked = await ask("asked");
  assert.deepEqual(asked.map(({ code }) => code).sort(), [201, 422, 422]);
  const lost = asked.find(({ code }) => code === 422);
  assert.match(lost?.body.message, /provided port is already allocated/);
  const ip = { clusterIP: "10.96.0.5", type: "ClusterIP" };
  const addresses = await Promise.all(
    servers.map((server, i) => server.send("POST", path, service(`ip-${i}`, ip))),
  );
  assert.deepEqual(addresses.map(({ code }) => code).sort(), [201, 422, 422]);

  // Whoever deletes it, another server can have it the moment after.
  const winner = asked.findIndex(({ code }) => code === 201);
  const [other, third] = [servers[(winner + 1) % 3], servers[(winner + 2) % 3]];
  assert.equal((await other!.send("DELETE", `${path}/asked-${winner}`)).code, 200);
  const again = await third!.send("POST", path, service("again", port));
  assert.equal(again.code, 201, JSON.stringify(again.body));
  // An update gives back as well.
  const changed = { spec: { ports: [{ port: 80, nodePort: 30002 }] } };
  assert.equal((await other!.send("PATCH", `${path}/again`, changed, PATCH)).code, 200);
  assert.equal((await third!.send("POST", path, service("once-more", port))).code, 201);
}

type JsonSpec = string | readonly Record<string, number>[];

async function rights(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const jane = { username: "jane", groups: ["system:authenticated"] };
  const ask = () => two.send("GET", "/api/v1/namespaces/default/configmaps", undefined, {}, jane);
  assert.equal((await ask()).code, 403);
  const api = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
  await one.send("POST", `${api}/roles`, {
    metadata: { name: "reader" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
  });
  await one.send("POST", `${api}/rolebindings`, {
    metadata: { name: "reader" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ kind: "User", name: "jane", apiGroup: "rbac.authorization.k8s.io" }],
  });
  await until(async () => (await ask()).code === 200);
}

async function storage(one: EtcdApiServer): Promise<void> {
  await one.send("POST", "/api/v1/nodes", { metadata: { name: "node-1" } });
  await one.send("POST", "/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "d" },
    spec: {
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
    },
  });
  const cases: [string, string, string][] = [
    ["/registry/configmaps/default/c-1", "v1", "ConfigMap"],
    ["/registry/minions/node-1", "v1", "Node"],
    ["/registry/services/specs/default/kubernetes", "v1", "Service"],
    ["/registry/services/endpoints/default/kubernetes", "v1", "Endpoints"],
    ["/registry/deployments/default/d", "apps/v1", "Deployment"],
    ["/registry/clusterroles/cluster-admin", "rbac.authorization.k8s.io/v1", "ClusterRole"],
    ["/registry/namespaces/kube-system", "v1", "Namespace"],
    ["/registry/masterleases/192.0.2.1", "v1", "Endpoints"],
    ["/registry/ranges/servicenodeports", "v1", "RangeAllocation"],
  ];
  for (const [key, apiVersion, kind] of cases) {
    const entry = await one.store.get(key);
    assert.ok(entry !== undefined, key);
    const object = JSON.parse(new TextDecoder().decode(entry.value));
    assert.deepEqual([object.apiVersion, object.kind], [apiVersion, kind], key);
    assert.equal(object.metadata.resourceVersion, undefined, key);
  }
  // Nothing lies there that is no object with its kind, or the key that shows where the feed is.
  for (const { key, value } of (await one.store.list("/registry/")).entries) {
    if (key === "/registry/coracle-progress") continue;
    const object = JSON.parse(new TextDecoder().decode(value));
    assert.ok(typeof object.kind === "string" && typeof object.apiVersion === "string", key);
  }
}

async function protobuf(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const value = encodeProtobuf({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "foreign", namespace: "default", uid: "u", labels: { from: "elsewhere" } },
    data: { a: "b" },
  } as KubeObject, { group: "", version: "v1", kind: "ConfigMap" });
  const key = "/registry/configmaps/default/foreign";
  await one.store.write({ op: "create", key, value: value! });
  const path = "/api/v1/namespaces/default/configmaps";
  const { body } = await two.send("GET", `${path}?labelSelector=from%3Delsewhere`);
  assert.deepEqual(body.items.map(({ data }: { data: unknown }) => data), [{ a: "b" }]);
  const changed = await two.send("PATCH", `${path}/foreign`, { data: { c: "d" } }, PATCH);
  assert.deepEqual(changed.body.data, { a: "b", c: "d" });
  const read = await one.send("GET", `${path}/foreign`);
  assert.equal(read.body.metadata.resourceVersion, changed.body.metadata.resourceVersion);
}

async function custom(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const made = await one.send("POST", crds, {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { size: { type: "integer", default: 3 } } },
            },
          },
        },
      }],
    },
  });
  assert.equal(made.code, 201, JSON.stringify(made.body));
  const path = "/apis/example.com/v1/namespaces/default/widgets";
  await until(async () => (await one.send("GET", path)).code === 200);
  const established = async () => {
    const { body } = await one.send("GET", `${crds}/widgets.example.com`);
    return body.status.conditions?.some((each: { type: string; status: string }) =>
      each.type === "Established" && each.status === "True"
    );
  };
  await until(established);
  const found = await two.send("GET", "/apis/example.com/v1");
  assert.equal(found.code, 200, "what one has established, another serves");
  assert.equal((await two.send("GET", path)).code, 200);
  const widget = {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "w" },
    spec: {},
  };
  const created = await two.send("POST", path, widget);
  assert.equal(created.code, 201, JSON.stringify(created.body));
  const { body } = await one.send("GET", `${path}/w`);
  assert.deepEqual(body.spec, { size: 3 });
  const { code } = await one.send("DELETE", `${crds}/widgets.example.com`);
  assert.equal(code, 200);
  for (const server of [one, two]) {
    await until(async () => (await server.send("GET", path)).code === 404);
  }
  assert.equal((await one.store.list("/registry/example.com/")).entries.length, 0);
}

async function events(one: EtcdApiServer, etcd: EtcdMembers): Promise<void> {
  const path = "/api/v1/namespaces/default/events";
  const event = {
    metadata: { name: "e" },
    involvedObject: { kind: "Pod", namespace: "default", name: "p" },
    reason: "Tested",
    message: "m",
    type: "Normal",
  };
  const key = btoa("/registry/events/default/e");
  const lease = async () => {
    const response = await fetch(`${etcd.endpoints[0]}/v3/kv/range`, {
      method: "POST",
      body: JSON.stringify({ key }),
    });
    return (await response.json()).kvs[0].lease;
  };
  assert.equal((await one.send("POST", path, event)).code, 201);
  assert.ok(Number(await lease()) > 0);
  assert.equal((await one.send("PATCH", `${path}/e`, { count: 2 }, PATCH)).code, 200);
  assert.ok(Number(await lease()) > 0);
}

async function pages(one: EtcdApiServer, two: EtcdApiServer): Promise<void> {
  const path = "/api/v1/namespaces/default/configmaps";
  const first = await one.send("GET", `${path}?limit=10`);
  const total = 10 + first.body.metadata.remainingItemCount;
  await two.send("POST", path, { metadata: { name: "zz-later" } });
  const token = encodeURIComponent(first.body.metadata.continue);
  const rest = await two.send("GET", `${path}?limit=1000&continue=${token}`);
  assert.equal(rest.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  assert.equal(first.body.items.length + rest.body.items.length, total);
}

async function health(one: EtcdApiServer): Promise<void> {
  for (const path of ["/readyz/etcd", "/livez/etcd", "/readyz/etcd-readiness"]) {
    assert.deepEqual(await one.send("GET", path), { code: 200, body: "ok" }, path);
  }
  const { body } = await one.send("GET", "/metrics");
  assert.match(
    body,
    /etcd_request_duration_seconds_count\{operation="create",group="",resource="configmaps"\} \d+/,
  );
  assert.match(body, /etcd_requests_total\{operation="list",group="",resource="pods"\} \d+/);
  assert.match(body, /apiserver_storage_size_bytes\{storage_cluster_id="etcd-0"\} \d{4,}/);
}

async function outage(one: EtcdApiServer, etcd: EtcdMembers): Promise<void> {
  const path = "/api/v1/namespaces/default/configmaps";
  await etcd.kill(0);
  const ready = await one.send("GET", "/readyz/etcd");
  assert.equal(ready.code, 500, ready.body);
  // What is served is known without etcd.
  assert.equal((await one.send("GET", "/apis/apps/v1")).code, 200);
  assert.equal((await one.send("GET", "/apis/unknown.example/v1/things")).code, 404);
  // A read waits for etcd; so does a write that cannot have been sent.
  const read = one.send("GET", path);
  const write = one.send("POST", path, { metadata: { name: "in-need" } });
  await etcd.restart(0);
  assert.equal((await read).code, 200);
  assert.equal((await write).code, 201);
  assert.deepEqual(await one.send("GET", "/readyz/etcd"), { code: 200, body: "ok" });
}

async function endpoints(...servers: EtcdApiServer[]): Promise<void> {
  const [one, , three] = servers as [EtcdApiServer, EtcdApiServer, EtcdApiServer];
  const addresses = async () => {
    const { body } = await one.send("GET", "/api/v1/namespaces/default/endpoints/kubernetes");
    return body.subsets[0].addresses.map(({ ip }: { ip: string }) => ip);
  };
  await until(async () => (await addresses()).length === 3);
  await three.server.leave();
  assert.deepEqual(await addresses(), ["192.0.2.1", "192.0.2.2"]);
  const slice = await one.send(
    "GET",
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
  );
  assert.equal(slice.body.endpoints.length, 2);
}
