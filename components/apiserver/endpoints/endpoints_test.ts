import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { MetricRegistry } from "../../base/mod.ts";
import { AGGREGATED_DISCOVERY, BUILTIN_KINDS, type ResourceDefinition } from "../../api/served.ts";
import { HealthChecks } from "./health.ts";
import { serveEndpoints } from "./serve.ts";

const KUBECTL_ACCEPT = `${AGGREGATED_DISCOVERY},` +
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

function server() {
  const definitions: ResourceDefinition[] = [...BUILTIN_KINDS];
  const health = new HealthChecks();
  const metrics = new MetricRegistry();
  const serve = serveEndpoints({
    definitions: { all: () => definitions },
    health,
    metrics,
    serverAddress: "10.0.0.1:6443",
    issuer: "https://issuer",
    keys: { verification: [{ algorithm: "ES256", jwk: { kid: "k" } }] } as unknown as Parameters<
      typeof serveEndpoints
    >[0]["keys"],
  });
  const get = (url: string, headers: Record<string, string> = {}, method = "GET") => {
    const request = new Request(`http://x${url}`, { headers, method });
    const { pathname, searchParams } = new URL(request.url);
    return serve(request, searchParams, pathname);
  };
  return { definitions, health, metrics, get };
}

Deno.test("discovery answers plain documents", async () => {
  const { get } = server();
  const cases: [string, string][] = [
    ["/api", "APIVersions"],
    ["/api/", "APIVersions"],
    ["/api/v1", "APIResourceList"],
    ["/apis", "APIGroupList"],
    ["/apis/apps", "APIGroup"],
    ["/apis/apps/v1", "APIResourceList"],
  ];
  for (const [path, kind] of cases) {
    const response = await get(path, { accept: "application/json" });
    assert.deepEqual([response.status, (await response.json()).kind], [200, kind], path);
  }
  for (const path of ["/apis/none", "/apis/apps/v9", "/api/v2", "/nothing", "/healthz/none"]) {
    const response = await get(path);
    assert.deepEqual([response.status, await response.text()], [404, "404 page not found\n"], path);
  }
  assert.equal((await get("/apis", {}, "POST")).status, 405);
});

Deno.test("discovery in YAML has no anchors", async () => {
  const { get } = server();
  const response = await get("/apis", { accept: "application/yaml" });
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.match(text, /^apiVersion: v1\ngroups:\n/);
  assert.doesNotMatch(text, /[&*]a\d/);
});

Deno.test("discovery answers the aggregated document, and 304 to who has it", async () => {
  const { get, definitions } = server();
  const response = await get("/apis", { accept: KUBECTL_ACCEPT });
  assert.equal(response.headers.get("content-type"), AGGREGATED_DISCOVERY);
  const document = await response.json();
  assert.equal(document.kind, "APIGroupDiscoveryList");
  const etag = response.headers.get("etag") ?? "";
  assert.match(etag, /^"[0-9A-F]+"$/);
  const again = { accept: KUBECTL_ACCEPT, "if-none-match": etag };
  assert.equal((await get("/apis", again)).status, 304);
  const pods = definitions.find(({ plural }) => plural === "pods");
  assert.ok(pods);
  definitions.push({ ...pods, group: "example.com", plural: "things", kind: "Thing" });
  const changed = await get("/apis", again);
  assert.equal(changed.status, 200);
  assert.equal((await changed.json()).items.length, document.items.length + 1);
  const beta = await get("/apis", {
    accept:
      "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
  });
  assert.equal((await beta.json()).kind, "APIGroupList");
});

Deno.test("OpenAPI lists its documents by hash and answers them", async () => {
  const { get } = server();
  const index = await (await get("/openapi/v3")).json();
  const address = index.paths["apis/apps/v1"].serverRelativeURL as string;
  assert.match(address, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]+$/);
  const response = await get(address);
  assert.match(response.headers.get("cache-control") ?? "", /immutable/);
  assert.equal((await response.json()).openapi, "3.0.0");
  const old = await get("/openapi/v3/apis/apps/v1?hash=OLD");
  assert.deepEqual([old.status, old.headers.get("location")], [301, address]);
  const plain = await get("/openapi/v3/api/v1");
  assert.equal(plain.headers.get("cache-control"), "no-cache, private");
  await plain.body?.cancel();
  assert.equal((await get("/openapi/v3/apis/none/v1")).status, 404);
});

Deno.test("OpenAPI 2 comes as JSON and as protobuf, packed for who takes that", async () => {
  const { get } = server();
  const asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const answered = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  const cases: [accept: string, type: string][] = [
    ["", "application/json"],
    ["*/*", "application/json"],
    ["application/json", "application/json"],
    [asked, answered],
    [answered, answered],
    [`application/x;q=1, ${asked};q=0.9, application/json;q=0.8`, answered],
  ];
  for (const [accept, type] of cases) {
    const headers: Record<string, string> = accept === "" ? {} : { accept };
    const plain = await get("/openapi/v2", headers);
    assert.equal(plain.headers.get("content-type"), type, accept);
    const bytes = new Uint8Array(await plain.arrayBuffer());
    if (type === answered) {
      // Document.swagger, then Document.info with its title.
      assert.equal(new TextDecoder().decode(bytes.subarray(0, 5)), "\n\x032.0");
    } else assert.equal(JSON.parse(new TextDecoder().decode(bytes)).swagger, "2.0");
    const packed = await get("/openapi/v2", { ...headers, "accept-encoding": "gzip" });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("vary"), "Accept, Accept-Encoding");
    assert.deepEqual(gunzipSync(new Uint8Array(await packed.arrayBuffer())), Buffer.from(bytes));
    const etag = packed.headers.get("etag") ?? "";
    assert.equal((await get("/openapi/v2", { ...headers, "if-none-match": etag })).status, 304);
  }
  await assert.rejects(get("/openapi/v2", { accept: "application/x-proto" }), { code: 406 });
});

Deno.test("health tells what fails, and why only by name", async () => {
  const { get, health } = server();
  health.add("log", () => {});
  let well = false;
  health.add("start", () => {
    if (!well) throw new Error("not finished");
  }, ["readyz", "healthz"]);
  const cases: [string, number, string][] = [
    ["/livez", 200, "ok"],
    ["/livez?verbose", 200, "[+]ping ok\n[+]log ok\nlivez check passed\n"],
    [
      "/readyz",
      500,
      "[+]ping ok\n[+]log ok\n[-]start failed: reason withheld\nreadyz check failed\n",
    ],
    [
      "/readyz?exclude=start&verbose",
      200,
      "[+]ping ok\n[+]log ok\n[+]start excluded: ok\nreadyz check passed\n",
    ],
    [
      "/livez?verbose&exclude=none",
      200,
      "[+]ping ok\n[+]log ok\n" +
      'warn: some health checks cannot be excluded: no matches for "none"\nlivez check passed\n',
    ],
    ["/readyz/start", 500, "internal server error: not finished\n"],
    ["/readyz/ping", 200, "ok"],
    ["/livez/start", 404, "404 page not found\n"],
  ];
  for (const [url, status, text] of cases) {
    const response = await get(url);
    assert.deepEqual([response.status, await response.text()], [status, text], url);
  }
  well = true;
  assert.equal((await get("/readyz")).status, 200);
});

Deno.test("version, metrics, paths and keys", async () => {
  const { get, metrics } = server();
  metrics.counter("things_total", "Things.").add(1);
  assert.match(await (await get("/metrics")).text(), /things_total 1\n/);
  const version = await (await get("/version")).json();
  assert.deepEqual([version.major, version.minor, version.gitVersion], ["1", "36", "v1.36.2"]);
  const { paths } = await (await get("/")).json();
  for (const path of ["/api/v1", "/apis/apps", "/livez/ping", "/openapi/v3", "/version"]) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual((await (await get("/openid/v1/jwks")).json()).keys, [{ kid: "k" }]);
  const openId = await (await get("/.well-known/openid-configuration")).json();
  assert.equal(openId.jwks_uri, "https://10.0.0.1:6443/openid/v1/jwks");
});
