/** Custom resources over the life of their definition, and over a restart of the server. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../components/base/mod.ts";
import { Administrator } from "./administrator.ts";
import { DEFINITIONS, object, thing } from "./parity/crd_definitions.ts";
import { ParityServer } from "./parity/parity_server.ts";

const THINGS = "/apis/a.test/v1/namespaces/default/things";

async function start(directory: string) {
  const server = await ParityServer.open({}, { directory });
  return { admin: new Administrator(server.server), stop: () => server.close() };
}

const established = (body: JsonObject): boolean =>
  JSON.stringify(body["status"]).includes('"InitialNamesAccepted"');

Deno.test("custom resources are there after a restart, with the defaults of now", async () => {
  const directory = await Deno.makeTempDir();
  const first = await start(directory);
  await first.admin.json("POST", DEFINITIONS, thing("a.test", { color: { type: "string" } }));
  await first.admin.until(`${DEFINITIONS}/things.a.test`, established);
  const made = await first.admin.json("POST", THINGS, object("a.test", { color: "red" }));
  assert.equal(made.code, 201);
  await first.admin.json("PATCH", `${DEFINITIONS}/things.a.test`, [{
    op: "add",
    path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size",
    value: { type: "integer", default: 4 },
  }], "application/json-patch+json");
  await first.stop();

  const second = await start(directory);
  const found = await second.admin.json("GET", `${THINGS}/a`);
  assert.equal(found.code, 200);
  assert.deepEqual(found.body["spec"], { color: "red", size: 4 });
  assert.deepEqual(
    found.body["metadata"]!["uid"],
    made.body["metadata"]!["uid"],
  );
  const list = await second.admin.json("GET", "/apis/a.test/v1/things");
  assert.equal((list.body["items"] as unknown as JsonObject[]).length, 1);
  await second.stop();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("watches end when their definition changes or goes, and start anew", async () => {
  const { admin, stop } = await start("memory");
  await admin.json("POST", DEFINITIONS, thing("a.test", { color: { type: "string" } }));
  await admin.until(`${DEFINITIONS}/things.a.test`, established);
  await admin.json("POST", THINGS, object("a.test", { color: "red" }));
  const watch = await admin.send("GET", `${THINGS}?watch=true`);
  const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value ?? "", /"type":"ADDED".*"color":"red"/);
  await admin.json("PATCH", `${DEFINITIONS}/things.a.test`, {
    spec: { names: { plural: "things", kind: "Thing", shortNames: ["other"] } },
  }, "application/merge-patch+json");
  // It ends as a watch whose time is over: without an error.
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
  const again = await admin.send("GET", `${THINGS}?watch=true`);
  const lines = again.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await lines.read()).value ?? "", /"type":"ADDED"/);
  await admin.send("DELETE", `${DEFINITIONS}/things.a.test`);
  assert.match((await lines.read()).value ?? "", /"type":"DELETED"/);
  assert.deepEqual(await lines.read(), { value: undefined, done: true });
  await stop();
});
