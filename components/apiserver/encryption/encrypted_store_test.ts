import assert from "node:assert/strict";
import { FakeClock, MetricRegistry, seededRandom, silentLogger } from "../../base/mod.ts";
import { openKvStore, RevisionMismatchError, type StoreEvent } from "../../storage/mod.ts";
import { failureOf } from "./broken_value.ts";
import { EncryptedStore } from "./encrypted_store.ts";
import { Encryption } from "./encryption.ts";
import { readEncryptionConfig } from "./encryption_config.ts";
import { FakeKms } from "./fake_kms.ts";
import { reloadEncryption } from "./reload.ts";
import { startsWithText } from "./transformer.ts";

const KEY = "/registry/secrets/a/s";
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);
const key = (name: string) => `{name: ${name}, secret: ${btoa(name.padEnd(32, "x"))}}`;

const config = (...providers: string[]) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers: [${providers.join(", ")}]
`;
const GCM = `{aesgcm: {keys: [${key("new")}, ${key("old")}]}}`;
const OLD_GCM = `{aesgcm: {keys: [${key("old")}]}}`;
const BOX = `{secretbox: {keys: [${key("box")}]}}`;
const IDENTITY = "{identity: {}}";

async function open(first: string) {
  const clock = new FakeClock();
  const metrics = new MetricRegistry();
  const inner = await openKvStore({ directory: "memory", clock, logger: silentLogger });
  const services = { clock, random: seededRandom(1), logger: silentLogger };
  const encryption = (text: string) => new Encryption(readEncryptionConfig(text), services);
  const resourceOf = (key: string) => key.split("/")[2] ?? "";
  const store = new EncryptedStore(inner, encryption(first), resourceOf, metrics, () => 0);
  const raw = async (key = KEY) => (await inner.get(key))?.value ?? new Uint8Array();
  return { clock, metrics, inner, store, services, encryption, raw };
}

/** What a watch hears, as a promise of the next batch. */
function recorder() {
  const batches: (readonly StoreEvent[])[] = [];
  let heard: (() => void) | undefined;
  return {
    sink: {
      events(batch: readonly StoreEvent[]) {
        batches.push(batch);
        heard?.();
      },
      end() {},
    },
    async next(): Promise<readonly StoreEvent[]> {
      while (batches.length === 0) await new Promise<void>((resolve) => heard = resolve);
      return batches.shift() ?? [];
    },
  };
}

for (
  const [name, provider, prefix] of [
    ["aesgcm", GCM, "k8s:enc:aesgcm:v1:new:"],
    ["secretbox", BOX, "k8s:enc:secretbox:v1:box:"],
    ["identity", IDENTITY, "{"],
  ] as const
) {
  Deno.test(`${name}: what lies in the store is encrypted, and what is read is not`, async () => {
    const { store, raw } = await open(config(provider));
    const watch = recorder();
    await store.watch("/registry/secrets/", 0, watch.sink);
    const value = bytes('{"secret":"word"}');
    const revision = await store.write({ op: "create", key: KEY, value });
    assert.ok(startsWithText(await raw(), prefix), text(await raw()));
    assert.equal(text(await raw()).includes("word"), name === "identity");
    assert.equal(text((await store.get(KEY))?.value), '{"secret":"word"}');
    const { entries } = await store.list("/registry/");
    assert.deepEqual(entries.map(({ value }) => text(value)), ['{"secret":"word"}']);
    const [event] = await watch.next();
    assert.equal(event?.value, value, "the very array, so that its object need not be decoded");
    await assert.rejects(
      store.write({ op: "update", key: KEY, value, revision: revision + 7 }),
      (error) =>
        error instanceof RevisionMismatchError &&
        text(error.current?.value) === '{"secret":"word"}',
    );
    await store.write({ op: "create", key: "/registry/pods/a/p", value: bytes("{}") });
    assert.equal(text(await raw("/registry/pods/a/p")), "{}");
    await store.write({ op: "delete", key: KEY, revision });
    await store.close();
  });
}

Deno.test("a new key writes, and the old one still reads; what it wrote is stale", async () => {
  const { store, raw, encryption } = await open(config(IDENTITY));
  const revision = await store.write({ op: "create", key: KEY, value: bytes("{1}") });
  assert.equal(store.isStale(KEY), false);
  store.use(encryption(config(OLD_GCM, IDENTITY)));
  await store.list("/registry/secrets/");
  assert.equal(store.isStale(KEY), true);
  const next = await store.write({ op: "update", key: KEY, value: bytes("{2}"), revision });
  await store.list("/registry/secrets/");
  assert.equal(store.isStale(KEY), false);
  store.use(encryption(config(GCM)));
  assert.equal(text((await store.get(KEY))?.value), "{2}");
  assert.equal(store.isStale(KEY), true);
  await store.write({ op: "update", key: KEY, value: bytes("{3}"), revision: next });
  assert.ok(startsWithText(await raw(), "k8s:enc:aesgcm:v1:new:"));
  store.use(encryption(config(IDENTITY, GCM)));
  assert.equal(text((await store.get(KEY))?.value), "{3}");
  await store.close();
});

Deno.test("a value that cannot be opened says so, and stands in no other's way", async () => {
  const { store, inner, encryption } = await open(config(GCM));
  const write = (name: string, value: string) =>
    store.write({ op: "create", key: `/registry/secrets/a/${name}`, value: bytes(value) });
  await write("good", "{}");
  await write("moved", "{}");
  const moved = (await inner.get("/registry/secrets/a/moved"))!.value;
  const put = (name: string, value: Uint8Array) =>
    inner.write({ op: "create", key: `/registry/secrets/a/${name}`, value });
  const watch = recorder();
  await store.watch("/registry/secrets/", inner.revision, watch.sink);
  await put("copied", moved);
  await put("plain", bytes("{}"));
  await put("short", bytes("k8s:enc:aesgcm:v1:new:abc"));
  await put("unknown", bytes("k8s:enc:aesgcm:v1:lost:abcdefghijklmnopqrstuvwxyz0123456789"));
  const failures = async () => {
    const { entries } = await store.list("/registry/secrets/");
    return Object.fromEntries(entries.map(({ key, value }) => [
      key.split("/").at(-1),
      failureOf(value)?.message.replace(/^.*?": /, "") ?? text(value),
    ]));
  };
  assert.deepEqual(await failures(), {
    good: "{}",
    moved: "{}",
    copied: "cipher: message authentication failed",
    plain: "no matching prefix found",
    short: "the stored data was shorter than the required size",
    unknown: "no matching key was found for the provided AES transformer",
  });
  const [event] = await watch.next();
  assert.equal(
    failureOf(event!.value!)?.message,
    'Internal error occurred: unable to transform key "/registry/secrets/a/copied": cipher: message authentication failed',
  );
  store.use(encryption(config(IDENTITY)));
  assert.equal((await failures())["good"], "identity transformer tried to read encrypted data");
  await store.close();
});

Deno.test("a key service's key encrypts seeds, and is asked seldom", async () => {
  const directory = await Deno.makeTempDir();
  const socket = `${directory}/kms.sock`;
  const kms = await FakeKms.open(socket);
  const provider =
    `{kms: {apiVersion: v2, name: vault, endpoint: "unix://${socket}", timeout: 1m}}`;
  const { store, raw, clock, encryption, inner } = await open(config(provider, IDENTITY));
  clock.advance(Math.max(0, new Date().getTime() - clock.now()));
  await store.encryption.check();
  const watch = recorder();
  await store.watch("/registry/secrets/", 0, watch.sink);
  const first = await store.write({ op: "create", key: KEY, value: bytes('{"a":"word"}') });
  await store.write({ op: "create", key: `${KEY}2`, value: bytes("{}") });
  assert.ok(startsWithText(await raw(), "k8s:enc:kms:v2:vault:"));
  assert.ok(!text(await raw()).includes("word"));
  assert.deepEqual(kms.calls, ["Status", "Status", "Encrypt"]);
  assert.equal(text((await watch.next())[0]?.value), '{"a":"word"}');

  // Another server, or this one after a restart, asks the service to open the seed: once.
  store.use(encryption(config(provider, IDENTITY)));
  kms.calls.length = 0;
  const { entries } = await store.list("/registry/secrets/");
  assert.deepEqual(entries.map(({ value }) => text(value)), ['{"a":"word"}', "{}"]);
  assert.ok(kms.calls.every((call) => call === "Decrypt") && kms.calls.length >= 1);
  const events = recorder();
  await store.watch("/registry/secrets/", 0, events.sink);
  assert.equal(text((await events.next())[0]?.value), '{"a":"word"}');

  // Its key changes: what was written before is stale.
  await store.write({ op: "update", key: KEY, value: bytes("{2}"), revision: first });
  kms.keyId = "key-2";
  await clock.advance(200_000);
  const other = await store.write({ op: "create", key: `${KEY}3`, value: bytes("{3}") });
  await store.list("/registry/secrets/");
  assert.deepEqual([store.isStale(KEY), store.isStale(`${KEY}3`)], [true, false]);

  // It fails: what it has not opened yet stays closed, and what is written is refused for good.
  kms.failing = true;
  await clock.advance(200_000);
  await assert.rejects(
    store.write({ op: "update", key: `${KEY}3`, value: bytes("{4}"), revision: other }),
    /unable to transform key ".*": rpc error/,
  );
  await assert.rejects(store.encryption.check());
  store.use(encryption(config(provider, IDENTITY)));
  assert.match(failureOf((await store.get(KEY))!.value)?.message ?? "", /rpc error/);
  assert.equal((await inner.get(`${KEY}3`))?.revision, other);
  await store.close();
  kms.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a changed configuration is taken into use, and a wrong one is not", async () => {
  const { store, raw, services, metrics } = await open(config(IDENTITY));
  const { clock } = services;
  let file = config(IDENTITY);
  const end = reloadEncryption({
    ...services,
    store,
    metrics,
    text: file,
    read: () => Promise.resolve(file),
  });
  const look = async () => {
    await clock.advance(60_000);
    await new Promise((resolve) => setTimeout(resolve));
  };
  let revision = await store.write({ op: "create", key: KEY, value: bytes("{}") });
  file = "nonsense";
  await look();
  assert.equal(text(await raw()), "{}");
  file = config(GCM, IDENTITY);
  await look();
  revision = await store.write({ op: "update", key: KEY, value: bytes("{1}"), revision });
  assert.ok(startsWithText(await raw(), "k8s:enc:aesgcm:v1:new:"));
  assert.equal(text((await store.get(KEY))?.value), "{1}");
  const count = (status: string) =>
    metrics.text().includes(
      `apiserver_encryption_config_controller_automatic_reloads_total{status="${status}",apiserver_id_hash=""} 1`,
    );
  assert.ok(count("success") && count("failure"));
  end();
  await store.close();
});
