import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../../../components/base/mod.ts";
import { openKvStore } from "../../../components/storage/mod.ts";
import { ParityServer } from "./parity_server.ts";

const WORD = "a-very-secret-word";
const SECRETS = "/api/v1/namespaces/a/secrets";

const key = (name: string) => `{name: ${name}, secret: ${btoa(name.padEnd(32, "x"))}}`;
const config = (...providers: string[]) => ({
  encryption: {
    text: `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, "*.example.com"]
  providers: [${providers.join(", ")}]
`,
  },
});
const GCM = `{aesgcm: {keys: [${key("one")}]}}`;
const BOX = `{secretbox: {keys: [${key("two")}]}}`;

/** One request; answers its code and what it says. */
async function ask(server: ParityServer, line: string, body?: object) {
  const [method = "", path = ""] = line.split(" ");
  const response = await server.send(
    method,
    path,
    {
      "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      accept: "application/json",
    },
    body as never,
    undefined,
  );
  return { code: response.status, body: await response.json() };
}

/** Whether any file below the directory holds the text, or its base64. */
async function holds(directory: string, text: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) {
      if (await holds(path, text)) return true;
      continue;
    }
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    if (bytes.includes(text) || bytes.includes(btoa(text))) return true;
  }
  return false;
}

/** Changes what lies in the store, as nobody should. */
async function tamper(directory: string, key: string, change: (value: Uint8Array) => void) {
  const clock = new FakeClock();
  const store = await openKvStore({ directory, clock, logger: silentLogger });
  const entry = await store.get(key);
  assert.ok(entry !== undefined);
  const value = entry.value.slice();
  change(value);
  await store.write({ op: "update", key, value, revision: entry.revision });
  await store.close();
}

async function stored(directory: string, key: string): Promise<string> {
  const clock = new FakeClock();
  const store = await openKvStore({ directory, clock, logger: silentLogger });
  const value = (await store.get(key))?.value;
  await store.close();
  return new TextDecoder("latin1").decode(value);
}

Deno.test("parity: secrets at rest", async (test) => {
  const directory = await Deno.makeTempDir();
  const open = (...providers: string[]) => ParityServer.open(config(...providers), { directory });
  const secret = (name: string) => ({
    metadata: { name },
    stringData: { word: WORD },
  });

  await test.step("no file has them in plain", async () => {
    await using server = await open(GCM);
    await server.openNamespace("a");
    const made = await ask(server, `POST ${SECRETS}`, secret("s"));
    assert.equal(made.code, 201, JSON.stringify(made.body));
    assert.equal((await ask(server, `GET ${SECRETS}/s`)).body.data.word, btoa(WORD));
    assert.equal((await ask(server, `GET ${SECRETS}`)).body.items.length, 1);
    assert.equal(await holds(directory, WORD), false);
    const map = { metadata: { name: "m" }, data: { word: "not-secret-at-all" } };
    await ask(server, "POST /api/v1/namespaces/a/configmaps", map);
  });
  assert.equal(await holds(directory, WORD), false);
  assert.equal(await holds(directory, "not-secret-at-all"), true);
  assert.match(await stored(directory, "/registry/secrets/a/s"), /^k8s:enc:aesgcm:v1:one:/);

  await test.step("another key comes first: what is read is the same, and an update moves it", async () => {
    await using server = await open(BOX, GCM);
    const { body } = await ask(server, `GET ${SECRETS}/s`);
    assert.equal(body.data.word, btoa(WORD));
    const patched = await ask(server, `PATCH ${SECRETS}/s`, {});
    assert.equal(patched.code, 200);
    assert.notEqual(patched.body.metadata.resourceVersion, body.metadata.resourceVersion);
    const again = await ask(server, `PATCH ${SECRETS}/s`, {});
    assert.equal(again.body.metadata.resourceVersion, patched.body.metadata.resourceVersion);
    await ask(server, `POST ${SECRETS}`, secret("t"));
  });
  assert.match(await stored(directory, "/registry/secrets/a/s"), /^k8s:enc:secretbox:v1:two:/);
  assert.equal(await holds(directory, WORD), false);

  await tamper(directory, "/registry/secrets/a/t", (value) => value[value.length - 1]! ^= 1);
  await test.step("one that was tampered with fails by itself", async () => {
    await using server = await open(BOX);
    const bad = await ask(server, `GET ${SECRETS}/t`);
    assert.equal(bad.code, 500);
    assert.equal(bad.body.reason, "InternalError");
    assert.match(
      bad.body.message,
      /^Internal error occurred: unable to transform key "\/registry\/secrets\/a\/t": /,
    );
    assert.equal((await ask(server, `GET ${SECRETS}/s`)).code, 200);
    assert.equal((await ask(server, `GET ${SECRETS}`)).code, 500);
    assert.equal((await ask(server, `POST ${SECRETS}`, secret("u"))).code, 201);
    assert.equal((await ask(server, `DELETE ${SECRETS}/u`)).code, 200);
  });

  await test.step("without its key nothing is read", async () => {
    await using server = await open("{identity: {}}");
    const { code, body } = await ask(server, `GET ${SECRETS}/s`);
    assert.equal(code, 500);
    assert.match(body.message, /identity transformer tried to read encrypted data$/);
    assert.equal((await ask(server, "GET /api/v1/namespaces/a")).code, 200);
  });
  await Deno.remove(directory, { recursive: true });
});
