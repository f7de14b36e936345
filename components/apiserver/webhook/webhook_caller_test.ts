import assert from "node:assert/strict";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { type Dial, directDial } from "../../serving/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import { addressOf, type WebhookClientConfig } from "./client_config.ts";
import { type FakeAnswer, type FakeCall, FakeWebhook } from "./fake_webhook.ts";
import { WebhookCaller } from "./webhook_caller.ts";

const SERVICE = { namespace: "ns", name: "hook", path: "/check", port: 8443 };

/** A caller whose network leads every address to the webhook, and notes which. */
function callerOf(webhook: FakeWebhook) {
  const objects = new FakeObjects();
  const dialled: string[] = [];
  const dial: Dial = {
    connect({ host, port, node = "" }, signal) {
      dialled.push(`${host}:${port}@${node}`);
      return directDial.connect({ host: "127.0.0.1", port: webhook.port }, signal);
    },
  };
  const clock = new FakeClock(Date.now());
  const caller = new WebhookCaller({ reader: objects, dial, clock, random: seededRandom(1) });
  return { objects, dialled, caller, clock };
}

function putService(objects: FakeObjects, ready = true, address = "10.1.2.3"): void {
  objects.put("", "services", {
    metadata: { namespace: "ns", name: "hook" },
    spec: { ports: [{ name: "https", port: 8443 }] },
  } as never);
  objects.put("discovery.k8s.io", "endpointslices", {
    metadata: {
      namespace: "ns",
      name: "hook-1",
      labels: { "kubernetes.io/service-name": "hook" },
    },
    ports: [{ name: "https", port: 9443 }],
    endpoints: [{ addresses: [address], conditions: { ready }, nodeName: "n1" }],
  } as never);
}

const echo = ({ body }: FakeCall): FakeAnswer => ({ json: { echo: body } });

Deno.test("WebhookCaller reaches a Service's ready endpoint through its node, by its name", async () => {
  await using webhook = await FakeWebhook.open(echo, ["hook.ns.svc"]);
  const { objects, dialled, caller } = callerOf(webhook);
  putService(objects);
  const call = () =>
    caller.call({
      client: { service: SERVICE, caBundle: webhook.caBundle },
      body: { a: 1 },
      timeoutMilliseconds: 10_000,
    });
  assert.deepEqual(await call(), { echo: { a: 1 } });
  assert.deepEqual(await call(), { echo: { a: 1 } });
  assert.deepEqual(dialled, ["10.1.2.3:9443@n1"], "the connection is kept");
  assert.deepEqual(webhook.calls.map(({ path, host }) => [path, host]), [
    ["/check?timeout=10s", "hook.ns.svc:8443"],
    ["/check?timeout=10s", "hook.ns.svc:8443"],
  ]);
  caller.close();
});

Deno.test("WebhookCaller opens a connection anew where the webhook closed the kept one", async () => {
  await using webhook = await FakeWebhook.open(echo);
  const { caller } = callerOf(webhook);
  const client = { url: webhook.url("/"), caBundle: webhook.caBundle };
  await caller.call({ client, body: 1, timeoutMilliseconds: 1000 });
  webhook.server.closeAllConnections();
  assert.deepEqual(await caller.call({ client, body: 2, timeoutMilliseconds: 1000 }), { echo: 2 });
  assert.equal(webhook.connections, 2);
  caller.close();
});

Deno.test("WebhookCaller says why there was no answer", async () => {
  const answers: Record<string, FakeAnswer> = {
    "/redirect": { status: 307, headers: { location: "https://127.0.0.1/other" } },
    "/missing": { status: 404 },
    "/broken": { status: 500, body: "it broke" },
    "/text": { status: 200, body: "not JSON" },
    "/large": { json: "x".repeat(3000) },
    "/good": { json: {} },
  };
  await using webhook = await FakeWebhook.open(({ path }) => answers[path.split("?")[0] ?? ""]);
  const { caller, objects } = callerOf(webhook);
  putService(objects);
  objects.put("", "services", {
    metadata: { namespace: "ns", name: "alone" },
    spec: { ports: [{ port: 443 }] },
  } as never);
  const { caBundle } = webhook;
  const at = (path: string): WebhookClientConfig => ({ url: webhook.url(path), caBundle });
  const post = (path: string) => `Post "${webhook.url(path)}?timeout=1s": `;
  const hook = `Post "https://hook.ns.svc:8443/?timeout=1s": `;
  const cases: [string, WebhookClientConfig, string][] = [
    [
      "redirect",
      at("/redirect"),
      "the server responded with the status code 307 but did not return more information",
    ],
    ["404", at("/missing"), "the server could not find the requested resource"],
    [
      "500",
      at("/broken"),
      'an error on the server ("it broke") has prevented the request from succeeding',
    ],
    ["large", at("/large"), "the response is larger than 2000 bytes"],
    [
      "unknown authority",
      { url: webhook.url("/good") },
      `${
        post("/good")
      }tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ],
    [
      "other name",
      { service: { namespace: "ns", name: "hook", port: 8443 }, caBundle },
      `${hook}tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not hook.ns.svc`,
    ],
    [
      "no bundle",
      { url: webhook.url("/good"), caBundle: btoa("x") },
      `${post("/good")}unable to load root certificates: unable to parse bytes as PEM block`,
    ],
    [
      "no service",
      { service: { namespace: "ns", name: "none" } },
      'Post "https://none.ns.svc:443/?timeout=1s": service "none" not found',
    ],
    [
      "no port",
      { service: { namespace: "ns", name: "hook", port: 1 } },
      'Post "https://hook.ns.svc:1/?timeout=1s": no service port 1 found for service "hook"',
    ],
    [
      "no endpoints",
      { service: { namespace: "ns", name: "alone" } },
      'Post "https://alone.ns.svc:443/?timeout=1s": no endpoints available for service "alone"',
    ],
  ];
  for (const [name, client, message] of cases) {
    await assert.rejects(
      caller.call({ client, body: {}, timeoutMilliseconds: 1000, responseMaximumBytes: 2000 }),
      (error: Error) => (assert.equal(error.message, message, name), error.name === "WebhookError"),
    );
  }
  await assert.rejects(
    caller.call({ client: at("/text"), body: {}, timeoutMilliseconds: 1000 }),
    /^WebhookError: expected response of JSON: /,
  );
  assert.equal(webhook.calls.length, 5, "a redirect leads nowhere");
  caller.close();
});

Deno.test("WebhookCaller never dials loopback for an endpoint", async () => {
  await using webhook = await FakeWebhook.open(echo, ["hook.ns.svc"]);
  for (
    const [address, ready] of [["127.0.0.1", true], ["169.254.169.254", true], [
      "10.1.1.1",
      false,
    ]] as const
  ) {
    const { caller, objects, dialled } = callerOf(webhook);
    putService(objects, ready, address);
    await assert.rejects(
      caller.call({ client: { service: SERVICE }, body: {}, timeoutMilliseconds: 1000 }),
      /no endpoints available for service "hook"/,
    );
    assert.deepEqual(dialled, []);
    caller.close();
  }
});

Deno.test("WebhookCaller gives up in time", async () => {
  await using webhook = await FakeWebhook.open(() => {
    called.resolve();
    return undefined;
  });
  const called = Promise.withResolvers<void>();
  const { caller, clock } = callerOf(webhook);
  const client = { url: webhook.url("/slow"), caBundle: webhook.caBundle };
  const pending = caller.call({ client, body: {}, timeoutMilliseconds: 3000 });
  const rejected = assert.rejects(pending, {
    message: `Post "${webhook.url("/slow")}?timeout=3s": context deadline exceeded`,
  });
  await called.promise;
  await clock.advance(3000);
  await rejected;
  assert.equal(clock.pending, 0);
  caller.close();
});

Deno.test("addressOf() reads configurations", () => {
  const cases: [WebhookClientConfig, string][] = [
    [{ service: { namespace: "a", name: "b" } }, "https://b.a.svc:443/"],
    [{ service: { namespace: "a", name: "b", path: "p", port: 1 } }, "https://b.a.svc:1/p"],
    [{ url: "https://h.example/x?y=z" }, "https://h.example/x?y=z"],
    [{ url: "http://h.example" }, "Error"],
    [{ url: "https://" }, "Error"],
    [{}, "Error"],
  ];
  for (const [config, expected] of cases) {
    let url: string;
    try {
      url = addressOf(config).url;
    } catch {
      url = "Error";
    }
    assert.equal(url, expected);
  }
});
