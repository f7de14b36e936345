import { octetString, oid, sequence, tlv, unsignedInteger } from "./der.ts";
import { Tag } from "./der.ts";
import { membersOf, readOid, readValue } from "./der_reader.ts";
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

const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
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
    const known = await Promise.all(others.map((block) => importVerificationKey(block.bytes)));
    const verification = [signing, ...known.filter((key) => key.keyId !== signing.keyId)];
    return { signing, verification };
  } catch (cause) {
    throw new Error(`${files.describe("sa.key")} or sa.pub cannot be used`, { cause });
  }
}

async function importSigningKey(pem: string): Promise<ServiceAccountKeys["signing"]> {
  const block = decodePem(pem).find((block) => block.label.endsWith("PRIVATE KEY"));
  if (block === undefined) throw new Error("no private key found");
  const pkcs8 = block.label === "RSA PRIVATE KEY" ? wrapRsaKey(block.bytes) : block.bytes;
  const algorithm = algorithmOf(membersOf(readValue(pkcs8), Tag.sequence)[1]);
  const parameters = ALGORITHMS[algorithm];
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, parameters, true, ["sign"]);
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = (algorithm === "ES256" ? { kty, crv, x, y } : { kty, n, e }) as JsonWebKey;
  const publicKey = await crypto.subtle.importKey("jwk", jwk, parameters, true, ["verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  return { ...await importVerificationKey(spki), privateKey };
}

async function importVerificationKey(
  spki: Uint8Array<ArrayBuffer>,
): Promise<TokenVerificationKey> {
  const algorithm = algorithmOf(membersOf(readValue(spki), Tag.sequence)[0]);
  const parameters = ALGORITHMS[algorithm];
  const publicKey = await crypto.subtle.importKey("spki", spki, parameters, true, ["verify"]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  const keyId = digest.toBase64({ alphabet: "base64url", omitPadding: true });
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", publicKey);
  const members = algorithm === "ES256" ? { kty, crv, x, y } : { kty, n, e };
  return {
    algorithm,
    keyId,
    publicKey,
    jwk: { use: "sig", kid: keyId, alg: algorithm, ...members },
  };
}

function algorithmOf(identifier: ReturnType<typeof readValue> | undefined): "ES256" | "RS256" {
  const id = readOid(membersOf(identifier, Tag.sequence)[0]);
  return id === RSA_ENCRYPTION ? "RS256" : "ES256";
}

/** PKCS #1 (what kubeadm writes) inside PKCS #8 (what WebCrypto reads). */
function wrapRsaKey(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  const algorithm = sequence(oid(RSA_ENCRYPTION), tlv(Tag.null));
  return new Uint8Array(sequence(unsignedInteger([0]), algorithm, octetString(pkcs1)));
}
