import { createHash, X509Certificate } from "node:crypto";
import type { Pki } from "../pki/mod.ts";
import { KeyExistsError, type Store } from "../storage/mod.ts";
import { ConfigurationError } from "./configuration/mod.ts";

/** Where it is written down whose state a store that others can reach holds. */
const CLAIM = "/registry/coracle/cluster";
/** Every cluster's API server tells here by which authority its clients are known. */
const AUTHENTICATION = "/registry/configmaps/kube-system/extension-apiserver-authentication";
const ENCRYPTED = "k8s:enc:";

/**
 * Makes sure that a store holds the state of this cluster, and of no other: two that mix would end each other's pods.
 * A cluster is known by the key of its authority, which all its API servers share. An empty store becomes this
 * cluster's. Rejects with `ConfigurationError`, or `StoreFailedError`.
 */
export async function claimStore(store: Store, { authority }: Pki): Promise<void> {
  const own = identityOf(authority.certificate);
  for (;;) {
    const claim = await store.get(CLAIM);
    if (claim !== undefined) {
      const other = new TextDecoder().decode(claim.value).trim();
      if (other === own) return;
      throw foreign(`it is that of the authority ${other}, this one's is ${own}`);
    }
    if (await isForeign(store, authority.certificate)) {
      throw foreign("its API servers know their clients by another authority");
    }
    try {
      const value = new TextEncoder().encode(`${own}\n`);
      await store.write({ op: "create", key: CLAIM, value });
      return;
    } catch (error) {
      // Another server was faster: whose it is then is looked at again.
      if (!(error instanceof KeyExistsError)) throw error;
    }
  }
}

/** True where a cluster without a claim has left its authority, and that is another; what is encrypted tells nothing. */
async function isForeign(store: Store, certificate: string): Promise<boolean> {
  const found = await store.get(AUTHENTICATION);
  if (found === undefined) return false;
  const text = new TextDecoder("latin1").decode(found.value);
  if (text.startsWith(ENCRYPTED)) return false;
  // In JSON and in protobuf, the lines of a certificate stand as they are.
  const line = certificate.split("\n").at(-3) ?? "";
  return !text.includes(line.trim());
}

function identityOf(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}

const foreign = (why: string): ConfigurationError =>
  new ConfigurationError(
    `this etcd holds the state of another cluster (${why}): --etcd-prefix takes another place in it, and API servers ` +
      `of one cluster share their keys (--pki-dir)`,
  );
