import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { PkiFiles } from "./files.ts";
import { generateKeyPair } from "./key_pair.ts";
import { decodePem, encodePem } from "./pem.ts";

/** A key that verifies service-account tokens. */
export interface TokenVerificationKey {
  readonly algorithm: "ES256" | "RS256";
  /** As upstream computes it: base64url of the SHA-256 of the DER public key. */
  readonly keyId: string;
  readonly publicKey: CryptoKey;
  /** The public JWK, with kid, alg and use, as `/openid/v1/jwks` lists it. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** The key that signs service-account tokens, and all that verify them (the signing one first). */
export interface ServiceAccountKeys {
  readonly signing: TokenVerificationKey & { readonly privateKey: CryptoKey };
  readonly verification: readonly TokenVerificationKey[];
}

const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

/**
 * Loads `sa.key`, or makes an ES256 one. Further public keys in `sa.pub` also verify: tokens of a key that was
 * replaced live on until they expire.
 */
export async function openServiceAccountKeys(files: PkiFiles): Promise<ServiceAccountKeys> {
  let pem = await files.read("sa.key");
  if (pem === undefined) {
    const pair = await generateKeyPair();
    pem = pair.privatePem;
    await files.write("sa.key", pem, { secret: true });
    await files.write("sa.pub", encodePem("PUBLIC KEY", pair.publicKey), { secret: false });
  }
  try {
    const signing = await importSigningKey(pem);
    const others = decodePem(await files.read("sa.pub") ?? "")
      .filter((block) => block.label === "PUBLIC KEY");
    const known = await Promise.all(
      others.map((block) =>
        importVerificationKey(createPublicKey(encodePem(block.label, block.bytes)))
      ),
    );
    const verification = [signing, ...known.filter((key) => key.keyId !== signing.keyId)];
    return { signing, verification };
  } catch (cause) {
    throw new Error(`${files.describe("sa.key")} or sa.pub cannot be used`, { cause });
  }
}

/** PKCS #8, or PKCS #1 and SEC 1 as other programs write them. */
async function importSigningKey(pem: string): Promise<ServiceAccountKeys["signing"]> {
  const block = decodePem(pem).find((block) => block.label.endsWith("PRIVATE KEY"));
  if (block === undefined) throw new Error("no private key found");
  const key = createPrivateKey(encodePem(block.label, block.bytes));
  const parameters = ALGORITHMS[algorithmOf(key)];
  const jwk = key.export({ format: "jwk" }) as JsonWebKey;
  const privateKey = await crypto.subtle.importKey("jwk", jwk, parameters, true, ["sign"]);
  return { ...await importVerificationKey(createPublicKey(key)), privateKey };
}

async function importVerificationKey(key: KeyObject): Promise<TokenVerificationKey> {
  const algorithm = algorithmOf(key);
  const { kty, crv, x, y, n, e } = key.export({ format: "jwk" });
  const jwk = (algorithm === "ES256" ? { kty, crv, x, y } : { kty, n, e }) as JsonWebKey;
  const parameters = ALGORITHMS[algorithm];
  const publicKey = await crypto.subtle.importKey("jwk", jwk, parameters, true, ["verify"]);
  const spki = new Uint8Array(key.export({ type: "spki", format: "der" }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  const keyId = digest.toBase64({ alphabet: "base64url", omitPadding: true });
  return {
    algorithm,
    keyId,
    publicKey,
    jwk: { use: "sig", kid: keyId, alg: algorithm, ...jwk },
  };
}

const algorithmOf = (key: KeyObject): "ES256" | "RS256" =>
  key.asymmetricKeyType === "rsa" ? "RS256" : "ES256";
