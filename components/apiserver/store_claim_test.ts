import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger } from "../base/mod.ts";
import { openPki } from "../pki/mod.ts";
import { openKvStore, type Store } from "../storage/mod.ts";
import { claimStore } from "./store_claim.ts";

const AUTHENTICATION = "/registry/configmaps/kube-system/extension-apiserver-authentication";
const clock = new FakeClock(Date.UTC(2026, 0, 1));
const [one, other] = await Promise.all(
  [1, 2].map((seed) => openPki(undefined, { clock, random: seededRandom(seed) })),
);
const FOREIGN = { name: "ConfigurationError", message: /holds the state of another cluster/ };

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = await openKvStore({ directory: "memory", clock, logger: silentLogger });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a store is the cluster's that came first, for all of its servers", async () => {
  await withStore(async (store) => {
    await claimStore(store, one!);
    await claimStore(store, one!);
    await assert.rejects(claimStore(store, other!), FOREIGN);
  });
});

Deno.test("of two that come at once one has it", async () => {
  await withStore(async (store) => {
    const outcomes = await Promise.allSettled([claimStore(store, one!), claimStore(store, other!)]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });
});

Deno.test("a cluster that has made no claim is known by what it tells of its authority", async () => {
  const told = (certificate: string) =>
    bytes(JSON.stringify({ kind: "ConfigMap", data: { "client-ca-file": certificate } }));
  const cases: [Uint8Array, boolean][] = [
    [told(one!.authority.certificate), true],
    [told(other!.authority.certificate), false],
    // As a kube-apiserver writes it.
    [bytes(`k8s\0\n\x0f\nconfig\x12${one!.authority.certificate}`), true],
    [bytes(`k8s\0\n\x0f\nconfig\x12${other!.authority.certificate}`), false],
    [bytes("k8s:enc:aescbc:v1:key:..."), true],
  ];
  for (const [value, ours] of cases) {
    await withStore(async (store) => {
      await store.write({ op: "create", key: AUTHENTICATION, value });
      if (ours) await claimStore(store, one!);
      else await assert.rejects(claimStore(store, one!), FOREIGN);
    });
  }
});
