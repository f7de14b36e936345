import { Tag } from "./der.ts";
import { membersOf, readValue } from "./der_reader.ts";
import { decodePem, encodePem } from "./pem.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
export const ECDSA_SHA256 = { name: "ECDSA", hash: "SHA-256" } as const;

/** An ECDSA P-256 key pair. */
export interface KeyPair {
  readonly privateKey: CryptoKey;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** PKCS #8 in PEM. A secret: never logged, files of mode 0600 only. */
  readonly privatePem: string;
}

export async function generateKeyPair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const [spki, pkcs8] = await Promise.all([
    crypto.subtle.exportKey("spki", pair.publicKey),
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
  ]);
  return {
    privateKey: pair.privateKey,
    publicKey: new Uint8Array(spki),
    privatePem: encodePem("PRIVATE KEY", new Uint8Array(pkcs8)),
  };
}

/** Reads a PKCS #8 P-256 key. Rejects when the text holds none. */
export async function importKeyPair(pem: string): Promise<KeyPair> {
  const block = decodePem(pem).find((block) => block.label === "PRIVATE KEY");
  if (block === undefined) throw new Error("no PKCS #8 private key found");
  const privateKey = await crypto.subtle.importKey("pkcs8", block.bytes, P256, true, ["sign"]);
  // WebCrypto gives no public key of a private one: the JWK has its two coordinates.
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = { kty, crv, x, y } as JsonWebKey;
  const publicKey = await crypto.subtle.importKey("jwk", jwk, P256, true, ["verify"]);
  const spki = await crypto.subtle.exportKey("spki", publicKey);
  return { privateKey, publicKey: new Uint8Array(spki), privatePem: pem };
}

/** RFC 7093's first method: the leftmost 160 bits of the key's SHA-256. */
export async function keyIdentifier(spki: Uint8Array): Promise<Uint8Array> {
  const bits = membersOf(readValue(spki), Tag.sequence)[1];
  const digest = await crypto.subtle.digest("SHA-256", bits?.content.slice(1) ?? new Uint8Array());
  return new Uint8Array(digest, 0, 20);
}

/** An ECDSA P-256 signature as `r || s`. */
export async function signBytes(key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(ECDSA_SHA256, key, new Uint8Array(bytes)));
}
