import assert from "node:assert/strict";
import { type JsonObject, type JsonValue } from "../../../components/base/mod.ts";
import { readAuditPolicy } from "../../../components/apiserver/mod.ts";
import { ParityServer } from "./parity_server.ts";
import { about } from "./policy_steps.ts";
import { ADMISSION, CONFIGMAPS, openWebhook, ruleFor } from "./webhook_steps.ts";

const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  nonResourceURLs: ["/version"]
- level: RequestResponse
  resources: [{group: "", resources: [configmaps]}]
  omitStages: [RequestReceived]
- level: Request
  resources: [{group: "", resources: [pods]}]
- level: Metadata
  omitStages: [RequestReceived]
`;

/** A server that records, and what it has recorded. */
async function open() {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/audit.log`;
  const server = await ParityServer.open({
    audit: {
      policy: readAuditPolicy(POLICY),
      log: {
        path,
        mode: "blocking",
        rotation: { maximumBytes: 0, maximumBackups: 0, maximumAgeDays: 0 },
        batch: { bufferEvents: 1, batchEvents: 1, waitMilliseconds: 0 },
      },
    },
  });
  await server.openNamespace("a");
  const send = async (
    method: string,
    path: string,
    options: { body?: JsonValue; headers?: Record<string, string>; user?: string } = {},
  ) => {
    const type = { "content-type": "application/json", "user-agent": "audited/1" };
    const headers = { ...type, ...options.headers };
    return await server.send(method, path, headers, options.body, options.user);
  };
  let read = 0;
  /** What has been recorded since the last call. */
  const events = async (): Promise<JsonObject[]> => {
    const lines = (await Deno.readTextFile(path)).trim().split("\n").filter((line) => line !== "");
    const fresh = lines.slice(read).map((line) => JSON.parse(line) as JsonObject);
    read = lines.length;
    return fresh;
  };
  return {
    server,
    send,
    events,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("parity: audit events", async (test) => {
  await using opened = await open();
  const { send, events } = opened;

  await test.step("a write with what was sent and answered", async () => {
    const response = await send("POST", "/api/v1/namespaces/a/configmaps?fieldManager=x", {
      body: { metadata: { name: "c" }, data: { a: "b" } },
      headers: { "audit-id": "my-own", "x-forwarded-for": "1.2.3.4" },
    });
    assert.equal(response.headers.get("audit-id"), "my-own");
    const { metadata } = await response.json();
    assert.equal(metadata.managedFields.length, 1);
    const [event, ...more] = await events();
    assert.equal(more.length, 0);
    const { responseObject, stageTimestamp: _stage, ...rest } = event as JsonObject;
    assert.deepEqual(rest, {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "RequestResponse",
      auditID: "my-own",
      stage: "ResponseComplete",
      requestURI: "/api/v1/namespaces/a/configmaps?fieldManager=x",
      verb: "create",
      user: { username: "admin", groups: ["system:masters", "system:authenticated"] },
      sourceIPs: ["1.2.3.4"],
      userAgent: "audited/1",
      objectRef: {
        resource: "configmaps",
        namespace: "a",
        name: "c",
        apiVersion: "v1",
      },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { metadata: { name: "c" }, data: { a: "b" } },
      requestReceivedTimestamp: "2026-01-01T00:00:00.000000Z",
      annotations: {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": "",
      },
    });
    const object = responseObject as JsonObject;
    assert.equal((object["metadata"] as JsonObject)["uid"], metadata.uid);
    assert.equal((object["metadata"] as JsonObject)["managedFields"], undefined);
  });

  await test.step("an answer that is packed", async () => {
    const large = { metadata: { name: "large" }, data: { a: "x".repeat(200_000) } };
    await send("POST", "/api/v1/namespaces/a/configmaps", { body: large });
    const response = await send("GET", "/api/v1/namespaces/a/configmaps/large", {
      headers: { "accept-encoding": "gzip" },
    });
    assert.equal(response.headers.get("content-encoding"), "gzip");
    const object = (await events()).at(-1)?.["responseObject"] as JsonObject;
    assert.deepEqual(object["data"], large.data);
  });

  await test.step("a request that is refused, with why", async () => {
    const response = await send("DELETE", "/api/v1/namespaces/a/secrets/s", { user: "eve" });
    assert.equal(response.status, 403);
    const [event, ...more] = await events();
    assert.equal(more.length, 0);
    assert.equal(event?.["level"], "Metadata");
    assert.equal(event?.["auditID"], response.headers.get("audit-id"));
    const status = event?.["responseStatus"] as JsonObject;
    assert.deepEqual(
      [status["status"], status["reason"], status["code"]],
      ["Failure", "Forbidden", 403],
    );
    const annotations = event?.["annotations"] as JsonObject;
    assert.equal(annotations["authorization.k8s.io/decision"], "forbid");
    assert.equal((await response.json()).reason, "Forbidden");
  });

  await test.step("a watch begins and ends", async () => {
    const response = await send("GET", "/api/v1/namespaces/a/pods?watch=true");
    assert.deepEqual((await events()).map(({ stage }) => stage), [
      "RequestReceived",
      "ResponseStarted",
    ]);
    await response.body?.cancel();
    const [end] = await events();
    assert.equal(end?.["stage"], "ResponseComplete");
    assert.deepEqual(end?.["responseStatus"], { metadata: {}, code: 200 });
  });

  await test.step("a patch is recorded as it was sent, and not what came of it", async () => {
    const response = await send("PATCH", "/api/v1/namespaces/a/pods/nothing", {
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { labels: { a: "b" } } },
    });
    assert.equal(response.status, 404);
    const [, event] = await events();
    assert.deepEqual(event?.["requestObject"], { metadata: { labels: { a: "b" } } });
    assert.deepEqual(event?.["objectRef"], {
      resource: "pods",
      namespace: "a",
      name: "nothing",
      apiVersion: "v1",
    });
  });

  await test.step("whom somebody acted as", async () => {
    await send("GET", "/api/v1/namespaces/a/secrets", { headers: { "impersonate-user": "bob" } });
    const [event] = await events();
    assert.equal((event?.["user"] as JsonObject)["username"], "admin");
    assert.deepEqual(event?.["impersonatedUser"], {
      username: "bob",
      groups: ["system:authenticated"],
    });
  });

  await test.step("what a Pod's security says", async () => {
    await opened.server.openNamespace("strict");
    await send("PATCH", "/api/v1/namespaces/strict", {
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { labels: { "pod-security.kubernetes.io/audit": "restricted" } } },
    });
    await send("POST", "/api/v1/namespaces/strict/pods?dryRun=All", {
      body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } },
    });
    const annotations = (await events()).at(-1)?.["annotations"] as JsonObject;
    assert.ok(
      "pod-security.kubernetes.io/enforce-policy" in annotations,
      JSON.stringify(annotations),
    );
  });

  await test.step("credentials that are wrong", async () => {
    const request = new Request("http://server/api/v1/pods", {
      headers: { authorization: "Bearer nonsense" },
    });
    const response = await opened.server.server.handle(request, { address: "10.1.2.3:4" });
    assert.equal(response.status, 401);
    const event = (await events()).at(-1);
    assert.equal(event?.["stage"], "ResponseStarted");
    assert.deepEqual(event?.["user"], {});
    assert.deepEqual(event?.["responseStatus"], {
      metadata: {},
      message: "Authentication failed, attempted: bearer",
      code: 401,
    });
  });

  await test.step("what the policy says nothing of", async () => {
    const response = await send("GET", "/version");
    assert.ok(response.headers.get("audit-id"));
    assert.deepEqual(await events(), []);
  });

  await test.step("what policies note", async () => {
    const admission = "/apis/admissionregistration.k8s.io/v1";
    await send("POST", `${admission}/validatingadmissionpolicies`, {
      body: {
        metadata: { name: "p" },
        spec: {
          matchConstraints: about(ruleFor("configmaps", ["CREATE"])),
          validations: [{ expression: "false", message: "no" }],
          auditAnnotations: [{ key: "name", valueExpression: "string(object.metadata.name)" }],
        },
      },
    });
    await send("POST", `${admission}/validatingadmissionpolicybindings`, {
      body: {
        metadata: { name: "b" },
        spec: { policyName: "p", validationActions: ["Audit"] },
      },
    });
    let noted: JsonObject = {};
    for (let tries = 0; noted["p/name"] === undefined && tries < 1000; tries++) {
      await events();
      await send("POST", "/api/v1/namespaces/a/configmaps?dryRun=All", {
        body: { metadata: { name: "noted" } },
      });
      noted = (await events()).at(-1)?.["annotations"] as JsonObject;
    }
    assert.equal(noted["p/name"], "noted");
    assert.deepEqual(
      JSON.parse(String(noted["validation.policy.admission.k8s.io/validation_failure"])),
      [{
        message: "no",
        policy: "p",
        binding: "b",
        expressionIndex: 0,
        validationActions: ["Audit"],
      }],
    );
  });

  await test.step("what webhooks change, and by which patch where bodies are recorded", async () => {
    await using webhook = await openWebhook();
    const { hook = "", ca = "" } = webhook.names;
    const registered = await send("POST", `${ADMISSION}/mutatingwebhookconfigurations`, {
      body: {
        metadata: { name: "m" },
        webhooks: [{
          name: "a.hook.test",
          clientConfig: { url: `${hook}/label`, caBundle: ca },
          rules: [{ ...CONFIGMAPS, resources: ["configmaps", "secrets"] }],
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
        }],
      },
    });
    assert.equal(registered.status, 201);
    await opened.server.server.reader.fresh(
      "admissionregistration.k8s.io",
      "mutatingwebhookconfigurations",
    );
    const notesOf = async (resource: string) => {
      await events();
      await send("POST", `/api/v1/namespaces/a/${resource}?dryRun=All`, {
        body: { metadata: { name: "noted" } },
      });
      const notes = (await events()).at(-1)?.["annotations"] as JsonObject;
      return Object.fromEntries(
        Object.entries(notes).filter(([key]) => key.includes("webhook.admission.k8s.io/"))
          .map(([key, value]) => [key, JSON.parse(String(value))]),
      );
    };
    const who = { configuration: "m", webhook: "a.hook.test" };
    const mutation = { ...who, mutated: true };
    assert.deepEqual(await notesOf("secrets"), {
      "mutation.webhook.admission.k8s.io/round_0_index_0": mutation,
    });
    assert.deepEqual(await notesOf("configmaps"), {
      "mutation.webhook.admission.k8s.io/round_0_index_0": mutation,
      "patch.webhook.admission.k8s.io/round_0_index_0": {
        ...who,
        patch: [{ op: "add", path: "/metadata/labels", value: { hooked: "yes" } }],
        patchType: "JSONPatch",
      },
    });
    await send("DELETE", `${ADMISSION}/mutatingwebhookconfigurations/m`);
  });

  await test.step("a connection from its upgrade to its end", async () => {
    const door = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) =>
        opened.server.server.handle(request, {
          address: "test",
          user: { username: "admin", groups: ["system:masters"] },
        }),
    );
    await events();
    const { port } = door.addr as Deno.NetAddr;
    const url = `ws://127.0.0.1:${port}/api/v1/namespaces/a/secrets?watch=true`;
    const socket = new WebSocket(url, "x");
    await new Promise((resolve) => socket.onopen = resolve);
    const told = (seen: readonly JsonObject[]) =>
      seen.map(({ stage, responseStatus }) => [stage, (responseStatus as JsonObject)["code"]]);
    assert.deepEqual(told(await events()), [["ResponseStarted", 101]]);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    let last: readonly JsonObject[] = [];
    while (last.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      last = await events();
    }
    assert.deepEqual(told(last), [["ResponseComplete", 101]]);
    await door.shutdown();
  });
});
