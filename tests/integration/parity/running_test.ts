import assert from "node:assert/strict";
import { testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";

testCases("how a server is run", {
  "the time that a request asks for is checked": [
    { send: "GET pods?timeout=5s", code: 200 },
    {
      send: "GET pods?timeout=5",
      code: 400,
      reason: "BadRequest",
      message: 'invalid timeout specified in the request URL - time: missing unit in duration "5"',
    },
    { send: "GET pods?watch=true&timeout=x&timeoutSeconds=1", code: 200, lines: [] },
  ],
  "health by check": [
    { send: "GET /livez", code: 200, has: { text: "ok" } },
    { send: "GET /readyz/shutdown", code: 200, has: { text: "ok" } },
    { send: "GET /livez/shutdown", code: 404 },
    { send: "GET /healthz/etcd", code: 200, has: { text: "ok" } },
  ],
  "pages about the server itself": [
    { send: "GET /flagz", accept: "application/json", code: 406 },
    {
      send: "GET /flagz",
      accept: "application/json;v=v1beta1;g=config.k8s.io;as=Flagz",
      code: 200,
      has: {
        kind: "Flagz",
        apiVersion: "config.k8s.io/v1beta1",
        metadata: { name: "kube-apiserver" },
      },
    },
    {
      send: "GET /statusz",
      accept: "application/json;v=v1alpha1;g=config.k8s.io;as=Statusz",
      code: 200,
      has: { kind: "Statusz", apiVersion: "config.k8s.io/v1alpha1", uptimeSeconds: 0 },
    },
    { send: "GET /statusz", user: "eve", code: 403 },
    { send: "GET /metrics", user: "eve", code: 403 },
    { send: "DELETE /metrics", code: 200, has: { text: "metrics reset\n" } },
    { send: "DELETE /version", code: 405 },
    { send: "GET /metrics/other", code: 404 },
  ],
});

Deno.test("parity: metrics have upstream's names and labels", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("a");
  const get = async (path: string, user?: string, accept = "*/*") =>
    await (await server.send("GET", path, { accept }, undefined, user)).text();
  await server.send(
    "POST",
    "/api/v1/namespaces/a/configmaps?dryRun=All",
    {
      "content-type": "application/json",
      "content-length": "40",
    },
    { metadata: { name: "c" } },
    undefined,
  );
  await get("/api/v1/namespaces/a/configmaps");
  await get("/api/v1/namespaces/a/nonsense/x");
  await get("/apis/nonsense/v1/things");
  await get("/api/v1/namespaces/a/configmaps", "eve@example.com");
  const watch = await server.send("GET", "/api/v1/pods?watch=true", {}, undefined, undefined);
  await get("/readyz?verbose");
  const text = await get("/metrics");
  const place = 'group="",version="v1",resource="configmaps",subresource=""';
  const component = 'component="apiserver"';
  for (
    const line of [
      `apiserver_request_total{verb="LIST",dry_run="",${place},scope="namespace",${component},code="200"} 1`,
      `apiserver_request_total{verb="LIST",dry_run="",${place},scope="namespace",${component},code="403"} 1`,
      `apiserver_request_total{verb="POST",dry_run="All",${place},scope="resource",${component},code="201"} 1`,
      `apiserver_request_duration_seconds_count{verb="LIST",dry_run="",${place},scope="namespace",${component}} 2`,
      `apiserver_response_sizes_count{verb="LIST",${place},scope="namespace",${component}} 2`,
      `apiserver_request_body_size_bytes_count{resource="configmaps",verb="post",group=""} 1`,
      `apiserver_longrunning_requests{verb="WATCH",group="",version="v1",resource="pods",subresource="",scope="cluster",${component}} 1`,
      `apiserver_current_inflight_requests{request_kind="readOnly"} 1`,
      `apiserver_resource_objects{group="",resource="configmaps"} 2`,
      `apiserver_storage_objects{resource="flowschemas.flowcontrol.apiserver.k8s.io"} 11`,
      `authentication_attempts{result="success"}`,
      `authenticated_user_requests{username="email_id"} 1`,
      `authorization_attempts_total{result="no-opinion"} 1`,
      `apiserver_authorization_decisions_total{type="RBAC",name="rbac",decision="allowed"}`,
      `apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",type="admit",operation="CREATE",rejected="false"}`,
      `apiserver_admission_step_admission_duration_seconds_count{type="validate",operation="CREATE",rejected="false"}`,
      `apiserver_current_inqueue_requests{request_kind="mutating"} 0`,
      `etcd_requests_total{operation="create",group="",resource="namespaces"}`,
      `kubernetes_build_info{major="1",minor="36",git_version="v1.36.`,
      `kubernetes_feature_enabled{name="WatchList",stage="BETA"} 1`,
      `process_resident_memory_bytes `,
      `apiserver_flowcontrol_current_limit_seats{priority_level="exempt"}`,
    ]
  ) {
    assert.ok(
      text.includes(line),
      `${line}, not ${
        text.split("\n").filter((each) => each.startsWith(line.split("{")[0] ?? "")).slice(0, 40)
          .join("\n")
      }`,
    );
  }
  assert.ok(!text.includes("nonsense"), "what is not served makes no series");
  assert.match(
    await get("/metrics/slis"),
    /kubernetes_healthcheck\{name="etcd",type="readyz"\} 1\n/,
  );
  assert.match(await get("/flagz", undefined, "text/plain"), /^\nkube-apiserver flagz\nWarning: /);
  assert.match(await get("/statusz"), /\nUp: 0 hr 00 min 00 sec\n/);
  await watch.body?.cancel();
});

Deno.test("parity: a server that ends is not ready, ends its watches and turns requests away", async () => {
  await using server = await ParityServer.open();
  const watch = await server.send("GET", "/api/v1/pods?watch=true", {}, undefined, undefined);
  const stopped = server.server.stop();
  assert.equal(await watch.text(), "");
  const ready = await server.send("GET", "/readyz", {}, undefined, undefined);
  assert.equal(ready.status, 500);
  assert.match(await ready.text(), /\[-\]shutdown failed: reason withheld\n/);
  const live = await server.send("GET", "/livez", {}, undefined, undefined);
  assert.equal(live.status, 200);
  await live.body?.cancel();
  const late = await server.send("GET", "/api/v1/pods", {}, undefined, undefined);
  assert.equal(late.status, 503);
  assert.equal((await late.json()).message, "apiserver is shutting down");
  await stopped;
});
