import { createPrivateKey, createPublicKey, type X509Certificate } from "node:crypto";
import { decodePem, encodePem } from "./pem.ts";

export const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
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
  const publicKey = createPublicKey(createPrivateKey(encodePem(block.label, block.bytes)));
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { privateKey, publicKey: new Uint8Array(spki), privatePem: pem };
}

/** True when the certificate is that of the key's holder. */
export function holdsKey(certificate: X509Certificate, { publicKey }: KeyPair): boolean {
  return certificate.publicKey.export({ type: "spki", format: "der" }).equals(publicKey);
}
