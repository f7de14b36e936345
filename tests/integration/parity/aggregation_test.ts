/** Servers behind the API server, as its clients see them. */
import assert from "node:assert/strict";
import * as tls from "node:tls";
import {
  isJsonObject,
  type JsonObject,
  silentLogger,
  systemClock,
  systemRandom,
} from "../../../components/base/mod.ts";
import type { ApiServerOptions } from "../../../components/apiserver/mod.ts";
import { openPki } from "../../../components/pki/mod.ts";
import { Door } from "../../../components/serving/mod.ts";
import { created, DEFINITIONS, thing } from "./crd_definitions.ts";
import { ExtensionServer } from "./extension_server.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";

const REGISTRATION = "/apis/apiregistration.k8s.io/v1/apiservices";
const THINGS = "/apis/ext.test/v1/namespaces/a/things";

const apiService = (spec: JsonObject = {}): JsonObject => ({
  metadata: { name: "v1.ext.test" },
  spec: {
    group: "ext.test",
    version: "v1",
    service: { namespace: "ext", name: "things", port: 443 },
    caBundle: "$ca",
    groupPriorityMinimum: 100,
    versionPriority: 10,
    ...spec,
  },
});
const SERVICE: JsonObject = {
  metadata: { name: "things", namespace: "ext" },
  spec: { ports: [{ name: "https", port: 443 }] },
};
const SLICE: JsonObject = {
  metadata: {
    name: "things-1",
    namespace: "ext",
    labels: { "kubernetes.io/service-name": "things" },
  },
  addressType: "IPv4",
  ports: [{ name: "https", port: 8443 }],
  endpoints: [{ addresses: ["10.9.9.9"], conditions: { ready: true } }],
};
const condition = (status: string, reason: string, message: string): Step => ({
  send: `GET ${REGISTRATION}/v1.ext.test`,
  code: 200,
  eventually: true,
  has: { status: { conditions: [{ type: "Available", status, reason, message }] } },
});
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/ext/endpointslices";

const CASES: Cases = {
  "an API comes and goes": [
    { send: "POST /api/v1/namespaces", body: { metadata: { name: "ext" } }, code: 201 },
    { send: `GET ${THINGS}/t`, code: 404 },
    { send: `POST ${REGISTRATION}`, body: apiService(), code: 201 },
    condition("False", "ServiceNotFound", 'service/things in "ext" is not present'),
    { send: `GET ${THINGS}/t`, code: 503 },
    {
      send: "GET /apis",
      accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
      code: 200,
      headers: {
        "content-type": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
      },
    },
    {
      send: "POST /api/v1/namespaces/ext/services",
      body: { ...SERVICE, spec: { ports: [{ port: 80 }] } },
      code: 201,
    },
    condition("False", "ServicePortError", 'service/things in "ext" is not listening on port 443'),
    {
      send: "PATCH /api/v1/namespaces/ext/services/things",
      type: "merge",
      body: { spec: { ports: [{ name: "https", port: 443 }] } },
      code: 200,
    },
    condition(
      "False",
      "EndpointsNotFound",
      'cannot find endpointslices for service/things in "ext"',
    ),
    {
      send: `POST ${SLICES}`,
      body: { ...SLICE, endpoints: [{ addresses: ["10.9.9.9"], conditions: { ready: false } }] },
      code: 201,
    },
    condition(
      "False",
      "MissingEndpoints",
      'endpoints for service/things in "ext" have no addresses with port name "https"',
    ),
    {
      send: `PATCH ${SLICES}/things-1`,
      type: "merge",
      body: { endpoints: [{ addresses: ["10.9.9.9"], conditions: { ready: true } }] },
      code: 200,
    },
    condition("True", "Passed", "all checks passed"),
    {
      send: `POST ${THINGS}?x=%2F`,
      body: { a: 1 },
      code: 200,
      has: {
        kind: "Thing",
        method: "POST",
        path: "/apis/ext.test/v1/namespaces/a/things?x=%2F",
        body: '{"a":1}',
        proxy: "front-proxy-client",
        headers: {
          host: "things.ext.svc:443",
          "x-remote-user": "admin",
          "x-remote-group": "system:masters, system:authenticated",
        },
      },
    },
    { send: `GET ${THINGS}/teapot`, code: 418 },
    { send: `GET ${THINGS}/t`, user: "nobody", code: 403 },
    {
      send: `GET ${THINGS}?watch=true`,
      code: 200,
      lines: [{ type: "ADDED", object: { kind: "Thing" } }],
    },
    { send: "GET /apis/ext.test/v1", code: 200, has: { groupVersion: "ext.test/v1" } },
    {
      send: "GET /apis/ext.test",
      code: 200,
      has: {
        kind: "APIGroup",
        name: "ext.test",
        preferredVersion: { groupVersion: "ext.test/v1", version: "v1" },
      },
    },
    {
      send: "GET /openapi/v3",
      code: 200,
      has: {
        paths: {
          "apis/ext.test/v1": { serverRelativeURL: "/openapi/v3/apis/ext.test/v1?hash=A" },
        },
      },
    },
    { send: "GET /openapi/v3/apis/ext.test/v1?hash=A", code: 200, has: { of: "ext.test" } },
    {
      send: "GET /openapi/v2",
      code: 200,
      has: {
        paths: { "/apis/ext.test/v1/things": { get: {} } },
        definitions: { "test.Thing": { type: "object" } },
      },
      lacks: ["paths./apis/apps/v1/.get.x"],
    },
    {
      send: "GET /openapi/v2",
      accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
      code: 200,
      headers: {
        "content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
      },
    },
    { send: `DELETE ${REGISTRATION}/v1.ext.test`, code: 200 },
    { send: `GET ${THINGS}/t`, code: 404, eventually: true },
    { send: "GET /apis/ext.test", code: 404 },
  ],
  "a server that is not trusted": [
    { send: `POST ${REGISTRATION}`, body: apiService({ caBundle: null }), code: 201 },
    {
      send: `GET ${REGISTRATION}/v1.ext.test`,
      code: 200,
      eventually: true,
      has: { status: { conditions: [{ status: "False", reason: "FailedDiscoveryCheck" }] } },
    },
    {
      send: `PATCH ${REGISTRATION}/v1.ext.test`,
      type: "merge",
      body: { spec: { insecureSkipTLSVerify: true } },
      code: 200,
    },
    condition("True", "Passed", "all checks passed"),
    { send: `DELETE ${REGISTRATION}/v1.ext.test`, code: 200 },
  ],
  "versions of custom resources are registered": [
    ...created(thing("pets.test", {})),
    {
      send: `GET ${REGISTRATION}/v1.pets.test`,
      code: 200,
      eventually: true,
      has: {
        metadata: { labels: { "kube-aggregator.kubernetes.io/automanaged": "true" } },
        spec: { group: "pets.test", groupPriorityMinimum: 1000, versionPriority: 100 },
        status: { conditions: [{ type: "Available", status: "True", reason: "Local" }] },
      },
    },
    {
      send: `DELETE ${DEFINITIONS}/things.pets.test`,
      code: 200,
    },
    { send: `GET ${REGISTRATION}/v1.pets.test`, code: 404, eventually: true },
  ],
};

testCases("aggregation", CASES, () => ExtensionServer.open());

/** A server with the API of an extension that is available. */
async function withExtension(
  body: (server: ParityServer, send: Send) => Promise<void>,
  more: Partial<ApiServerOptions> = {},
): Promise<void> {
  await using extension = await ExtensionServer.open();
  await using server = await ParityServer.open({}, { dial: extension.dial, more });
  const send: Send = async (method, path, headers, body) => {
    const all = { "content-type": "application/json", ...headers ?? {} };
    const response = await server.send(method, path, all, body, undefined);
    const text = await response.text();
    return { status: response.status, body: response.ok ? JSON.parse(text) as JsonObject : {} };
  };
  await server.openNamespace("ext");
  await send("POST", "/api/v1/namespaces/ext/services", {}, SERVICE);
  await send("POST", SLICES, {}, SLICE);
  await send("POST", REGISTRATION, {}, apiService({ caBundle: extension.names["ca"] ?? "" }));
  for (let tries = 0; (await send("GET", `${THINGS}/t`)).status !== 200; tries++) {
    assert.ok(tries < 1000, "the API is available");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await body(server, send);
}

type Send = (
  method: string,
  path: string,
  headers?: Record<string, string>,
  body?: JsonObject,
) => Promise<{ status: number; body: JsonObject }>;

Deno.test("parity: aggregation passes no identity on that a client has made up", async () => {
  await withExtension(async (_server, send) => {
    const { body: { headers } } = await send("GET", `${THINGS}/t`, {
      "x-remote-user": "root",
      "x-remote-group": "kings",
      "x-remote-uid": "0",
      "x-remote-extra-scopes": "all",
      authorization: "Bearer secret",
      connection: "x-remote-user",
    });
    assert.ok(isJsonObject(headers));
    assert.equal(headers["x-remote-user"], "admin");
    assert.equal(headers["x-remote-group"], "system:masters, system:authenticated");
    for (const name of ["x-remote-uid", "x-remote-extra-scopes", "authorization"]) {
      assert.equal(headers[name], undefined, name);
    }
  });
});

Deno.test("parity: aggregation shows the certificate that it is given", async () => {
  const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
  const proxyClient = await pki.client("proxy", { commonName: "given-proxy", organizations: [] });
  await withExtension(async (_server, send) => {
    const { body } = await send("GET", `${THINGS}/t`);
    assert.equal(body["proxy"], "given-proxy");
  }, { proxyClient });
});

Deno.test("parity: aggregation hands upgraded connections over", async () => {
  await withExtension(async ({ server }) => {
    const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
    const { certificate, key } = await pki.serving("door", { commonName: "door", hosts: ["door"] });
    const door = await Door.open({
      host: "127.0.0.1",
      port: 0,
      credentials: { certificate, key },
      logger: silentLogger,
      clock: systemClock,
      isPassedOn: (path) => server.isPassedOn(path),
      handle: (request, { address }) =>
        server.handle(request, {
          address,
          user: { username: "admin", groups: ["system:masters"] },
        }),
    });
    const socket = tls.connect({ host: "127.0.0.1", port: door.port, rejectUnauthorized: false });
    let text = "";
    const answered = Promise.withResolvers<void>();
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.endsWith("hello admin, a\nping")) answered.resolve();
    });
    socket.on("error", answered.reject);
    socket.write(
      `GET ${THINGS}/t HTTP/1.1\r\nHost: h\r\nX-Remote-User: root\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: a, base64url.bearer.authorization.k8s.io.eA\r\n\r\n`,
    );
    socket.write("ping");
    await answered.promise;
    assert.match(text, /^HTTP\/1\.1 101 /);
    socket.destroy();
    await door.close();
  });
});
