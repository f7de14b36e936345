/** What the server counts of what its users add to it, as `/metrics` shows it. */
import assert from "node:assert/strict";
import type { JsonValue } from "../../../components/base/mod.ts";
import { thing, things, version } from "./crd_definitions.ts";
import { ParityServer } from "./parity_server.ts";
import { ADMISSION, CONFIGMAPS, openWebhook } from "./webhook_steps.ts";
import { asAdmin, whoIs } from "./security_peer.ts";

async function shown(server: ParityServer): Promise<string> {
  return await (await server.send("GET", "/metrics", {}, undefined, undefined)).text();
}

async function includes(server: ParityServer, lines: readonly string[]): Promise<void> {
  const text = await shown(server);
  for (const line of lines) assert.ok(text.includes(`\n${line}`), line);
}

Deno.test("parity: metrics of webhooks that convert, of conditions and of pod security", async () => {
  await using webhook = await openWebhook();
  const { hook = "", ca = "" } = webhook.names;
  await using server = await ParityServer.open();
  await server.openNamespace("n");
  const send = async (send: string, body: JsonValue, code: number) => {
    const [method = "", path = ""] = send.split(" ");
    const type = { "content-type": "application/json" };
    const response = await server.send(method, path.replace("$ns", "n"), type, body, undefined);
    const text = await response.text();
    assert.equal(response.status, code, text);
  };
  await send(
    "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    thing("m.test", {}, {
      versions: [
        version("v1", { color: { type: "string" } }),
        version("v2", {
          paint: {
            type: "object",
            properties: { name: { type: "string" } },
            "x-kubernetes-validations": [{ rule: "!has(self.name) || self.name != 'black'" }],
          },
        }, { storage: false }),
      ],
      conversion: {
        strategy: "Webhook",
        webhook: {
          conversionReviewVersions: ["v1"],
          clientConfig: { url: `${hook}/convert`, caBundle: ca },
        },
      },
    }),
    201,
  );
  const object = (name: string) => ({
    apiVersion: "m.test/v2",
    kind: "Thing",
    metadata: { name },
    spec: { paint: {} },
  });
  for (let tries = 0;; tries++) {
    const response = await server.send(
      "GET",
      things("m.test").replace("$ns", "n"),
      {},
      undefined,
      undefined,
    );
    await response.body?.cancel();
    if (response.status === 200) break;
    assert.ok(tries < 1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await send(`POST ${things("m.test", "v2")}`, object("a"), 201);
  await send(`POST ${things("m.test", "v2")}`, object("broken"), 500);
  const condition = (name: string, expression: string) => ({
    name: `${name}.hook.test`,
    clientConfig: { url: `${hook}/allow`, caBundle: ca },
    rules: [CONFIGMAPS],
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Ignore",
    matchConditions: [{ name: "c", expression }],
  });
  await send(`POST ${ADMISSION}/mutatingwebhookconfigurations`, {
    metadata: { name: "m" },
    webhooks: [condition("no", "false"), condition("wrong", "object.nothing.here == 1")],
  }, 201);
  await server.server.reader.fresh(
    "admissionregistration.k8s.io",
    "mutatingwebhookconfigurations",
  );
  await send("POST /api/v1/namespaces/$ns/configmaps", { metadata: { name: "a" } }, 201);
  const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
  await send("POST /api/v1/namespaces", { metadata: { name: "held", labels } }, 201);
  await server.server.reader.fresh("", "namespaces");
  await server.server.writer.create("", "serviceaccounts", {
    metadata: { name: "default", namespace: "held" },
  });
  await server.server.reader.fresh("", "serviceaccounts");
  await send("POST /api/v1/namespaces/$ns/services", {
    metadata: { name: "s" },
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30001 }] },
  }, 201);
  await send("POST /api/v1/namespaces/$ns/services", {
    metadata: { name: "t" },
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30001 }] },
  }, 422);
  await send("POST /api/v1/namespaces/held/pods", {
    metadata: { name: "p" },
    spec: { hostNetwork: true, containers: [{ name: "c", image: "i" }] },
  }, 403);
  const call = 'result="failure",failure_type="conversion_webhook_malformed_response_failure"';
  const noted = (name: string) =>
    `name="${name}.hook.test",kind="webhook",type="admit",operation="CREATE"`;
  const judged = 'request_operation="create",resource="pod",subresource=""';
  const baseline = `policy_level="baseline",policy_version="latest",mode="enforce",${judged}`;
  await includes(server, [
    'apiserver_conversion_webhook_request_total{result="success",failure_type=""} ',
    `apiserver_conversion_webhook_request_total{${call}} 1`,
    'apiserver_crd_conversion_webhook_duration_seconds_count{crd_name="things.m.test",' +
    'from_version="m.test/v2",to_version="m.test/v1",succeeded="true"} ',
    `apiserver_admission_match_condition_exclusions_total{${noted("no")}} 1`,
    `apiserver_admission_match_condition_evaluation_seconds_count{${noted("wrong")}} 1`,
    `pod_security_evaluations_total{decision="deny",${baseline}} 1`,
    'apiserver_storage_events_received_total{group="",resource="configmaps"} ',
    'kube_apiserver_clusterip_allocator_allocated_ips{cidr="10.96.0.0/16"} 2',
    'kube_apiserver_clusterip_allocator_available_ips{cidr="10.96.0.0/16"} 65532',
    'kube_apiserver_nodeport_allocator_allocation_total{scope="static"} 1',
    'kube_apiserver_nodeport_allocator_allocation_errors_total{scope="static"} 1',
    "kube_apiserver_nodeport_allocator_allocated_ports 1",
    "apiserver_cel_compilation_duration_seconds_count 1",
    "apiserver_cel_evaluation_duration_seconds_count ",
    'apiserver_storage_list_total{group="",resource="configmaps"} ',
    'registered_metrics_total{stability_level="STABLE",deprecated_version="1.34.0"} ',
  ]);
});

Deno.test("parity: metrics of credentials and of lists by watches", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("n");
  const { status } = await asAdmin(
    server,
    "POST /api/v1/namespaces/n/serviceaccounts/default/token",
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  );
  const { token } = status as { token: string };
  assert.equal(await whoIs(server, { token }), "system:serviceaccount:n:default");
  const watch = await server.send(
    "GET",
    "/api/v1/namespaces/n/configmaps?watch=true&sendInitialEvents=true" +
      "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    {},
    undefined,
    undefined,
  );
  assert.equal(watch.status, 200);
  const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("initial-events-end")) text += (await reader.read()).value ?? "";
  await reader.cancel();
  await includes(server, [
    "serviceaccount_valid_tokens_total 1",
    'apiserver_watch_list_duration_seconds_count{group="",version="v1",resource="configmaps",' +
    'scope="namespace"} 1',
    "apiserver_client_certificate_expiration_seconds_count 0",
  ]);
});
