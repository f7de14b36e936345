/** Custom resources over the life of their definition, and over a restart of the server. */
import assert from "node:assert/strict";
import {
  FakeClock,
  type JsonObject,
  MetricRegistry,
  seededRandom,
  silentLogger,
} from "../../components/base/mod.ts";
import { type ApiServer, startApiServer } from "../../components/apiserver/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { openKvStore } from "../../components/storage/mod.ts";
import { DEFINITIONS, object, thing } from "./parity/crd_definitions.ts";

const ADMIN = { username: "admin", groups: ["system:masters", "system:authenticated"] };
const THINGS = "/apis/a.test/v1/namespaces/default/things";

async function start(directory: string) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const store = await openKvStore({ directory, clock, logger: silentLogger });
  const server = startApiServer({
    store,
    pki: await openPki(undefined, { clock, random: seededRandom(1) }),
    clock,
    random: seededRandom(2),
    logger: silentLogger,
    metrics: new MetricRegistry(),
    advertise: { addresses: ["10.213.255.254"], port: 6443 },
    serviceCidrs: ["10.96.0.0/16"],
  });
  await server.ready;
  return {
    server,
    async stop() {
      server.close();
      await store.close();
    },
  };
}

function send(server: ApiServer, method: string, path: string, body?: unknown, type?: string) {
  const request = new Request(`http://server${path}`, {
    method,
    headers: { "content-type": type ?? "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return server.handle(request, { address: "test", user: ADMIN });
}

async function json(
  server: ApiServer,
  method: string,
  path: string,
  body?: unknown,
  type?: string,
) {
  const response = await send(server, method, path, body, type);
  return { code: response.status, body: await response.json() as JsonObject };
}

/** Asks until what is asked for is there: the server itself makes it so. */
async function until(server: ApiServer, path: string, is: (body: JsonObject) => boolean) {
  for (let tries = 0; tries < 2000; tries++) {
    const response = await send(server, "GET", path);
    const text = await response.text();
    if (response.status === 200 && is(JSON.parse(text))) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.fail(`${path} never was as expected`);
}

const established = (body: JsonObject): boolean =>
  JSON.stringify(body["status"]).includes('"InitialNamesAccepted"');

Deno.test("custom resources are there after a restart, with the defaults of now", async () => {
  const directory = await Deno.makeTempDir();
  const first = await start(directory);
  await json(first.server, "POST", DEFINITIONS, thing("a.test", { color: { type: "string" } }));
  await until(first.server, `${DEFINITIONS}/things.a.test`, established);
  const made = await json(first.server, "POST", THINGS, object("a.test", { color: "red" }));
  assert.equal(made.code, 201);
  await json(first.server, "PATCH", `${DEFINITIONS}/things.a.test`, [{
    op: "add",
    path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size",
    value: { type: "integer", default: 4 },
  }], "application/json-patch+json");
  await first.stop();

  const second = await start(directory);
  const found = await json(second.server, "GET", `${THINGS}/a`);
  assert.equal(found.code, 200);
  assert.deepEqual(found.body["spec"], { color: "red", size: 4 });
  assert.deepEqual(
    (found.body["metadata"] as JsonObject)["uid"],
    (made.body["metadata"] as JsonObject)["uid"],
  );
  const list = await json(second.server, "GET", "/apis/a.test/v1/things");
  assert.equal((list.body["items"] as unknown[]).length, 1);
  await second.stop();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("watches end when their definition changes or goes, and start anew", async () => {
  const { server, stop } = await start("memory");
  await json(server, "POST", DEFINITIONS, thing("a.test", { color: { type: "string" } }));
  await until(server, `${DEFINITIONS}/things.a.test`, established);
  await json(server, "POST", THINGS, object("a.test", { color: "red" }));
  const watch = await send(server, "GET", `${THINGS}?watch=true`);
  const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value ?? "", /"type":"ADDED".*"color":"red"/);
  await json(server, "PATCH", `${DEFINITIONS}/things.a.test`, {
    spec: { names: { plural: "things", kind: "Thing", shortNames: ["other"] } },
  }, "application/merge-patch+json");
  // It ends as a watch whose time is over: without an error.
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
  const again = await send(server, "GET", `${THINGS}?watch=true`);
  const lines = again.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await lines.read()).value ?? "", /"type":"ADDED"/);
  await send(server, "DELETE", `${DEFINITIONS}/things.a.test`);
  assert.match((await lines.read()).value ?? "", /"type":"DELETED"/);
  assert.deepEqual(await lines.read(), { value: undefined, done: true });
  await stop();
});
