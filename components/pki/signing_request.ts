import type { Subject } from "./certificate.ts";
import { derSignature, encodeName } from "./certificate.ts";
import { type ExtensionValues, readExtensions, readName } from "./certificate_reader.ts";
import { bitString, explicit, implicit, octetString, oid, sequence, set, Tag } from "./der.ts";
import { unsignedInteger } from "./der.ts";
import { DerError, expect, members, membersOf, readOid, readValue } from "./der_reader.ts";
import { addressBytes, isAddress } from "./ip_bytes.ts";
import { type KeyPair, signBytes } from "./key_pair.ts";
import { Oid } from "./oid.ts";
import { decodePem, encodePem } from "./pem.ts";

/** What a PKCS #10 request asks for. `verified` by `readSigningRequest`: its maker holds the private key. */
export interface SigningRequest extends ExtensionValues {
  readonly subject: Required<Subject>;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

/** A PKCS #10 request in PEM, as a kubelet posts it. */
export async function createSigningRequest(
  subject: Subject,
  hosts: readonly string[],
  key: KeyPair,
): Promise<string> {
  const names = hosts.map((host) =>
    isAddress(host) ? implicit(7, addressBytes(host)) : implicit(2, new TextEncoder().encode(host))
  );
  const extension = sequence(oid(Oid.subjectAlternativeName), octetString(sequence(...names)));
  const attributes = names.length === 0
    ? []
    : [sequence(oid(Oid.extensionRequest), set(sequence(extension)))];
  const body = sequence(
    unsignedInteger([0]),
    encodeName(subject),
    key.publicKey,
    explicit(0, ...attributes),
  );
  const signature = derSignature(await signBytes(key.privateKey, body));
  const der = sequence(body, sequence(oid(Oid.ecdsaWithSha256)), bitString(signature));
  return encodePem("CERTIFICATE REQUEST", der);
}

/** Reads a PEM request and checks its signature. Rejects with `DerError` when it is none or is not signed. */
export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  const block = decodePem(pem).find((block) => block.label === "CERTIFICATE REQUEST");
  if (block === undefined) throw new DerError("PEM block type must be CERTIFICATE REQUEST");
  const [body, algorithm, signature] = membersOf(readValue(block.bytes), Tag.sequence);
  const [, subject, publicKey, attributes] = membersOf(body, Tag.sequence);
  if (body === undefined || publicKey === undefined) throw new DerError("incomplete request");
  const id = readOid(membersOf(algorithm, Tag.sequence)[0]);
  const bits = expect(signature, Tag.bitString).content.subarray(1);
  if (!await verifies(id, publicKey.raw, bits, body.raw)) {
    throw new DerError("the request's signature is wrong");
  }
  const requested = (attributes === undefined ? [] : members(attributes))
    .map((attribute) => membersOf(attribute, Tag.sequence))
    .find(([type]) => readOid(type) === Oid.extensionRequest)?.[1];
  return {
    ...readExtensions(requested === undefined ? undefined : membersOf(requested, Tag.set)[0]),
    subject: readName(subject),
    publicKey: publicKey.raw,
  };
}

const RSA_HASHES = new Map<string, string>([
  [Oid.rsaWithSha256, "SHA-256"],
  [Oid.rsaWithSha384, "SHA-384"],
  [Oid.rsaWithSha512, "SHA-512"],
]);
const ECDSA_HASHES = new Map<string, string>([
  [Oid.ecdsaWithSha256, "SHA-256"],
  [Oid.ecdsaWithSha384, "SHA-384"],
  [Oid.ecdsaWithSha512, "SHA-512"],
]);
const CURVES = new Map<string, { readonly name: string; readonly bytes: number }>([
  ["1.2.840.10045.3.1.7", { name: "P-256", bytes: 32 }],
  ["1.3.132.0.34", { name: "P-384", bytes: 48 }],
]);

async function verifies(
  algorithm: string,
  spki: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const key = new Uint8Array(spki);
  const data = new Uint8Array(message);
  const rsa = RSA_HASHES.get(algorithm);
  if (rsa !== undefined) {
    const parameters = { name: "RSASSA-PKCS1-v1_5", hash: rsa };
    const imported = await crypto.subtle.importKey("spki", key, parameters, false, ["verify"]);
    return await crypto.subtle.verify(parameters, imported, new Uint8Array(signature), data);
  }
  if (algorithm === Oid.ed25519) {
    const imported = await crypto.subtle.importKey("spki", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, new Uint8Array(signature), data);
  }
  const hash = ECDSA_HASHES.get(algorithm);
  const identifier = membersOf(membersOf(readValue(spki), Tag.sequence)[0], Tag.sequence);
  const curve = hash === undefined ? undefined : CURVES.get(readOid(identifier[1]));
  if (hash === undefined || curve === undefined) {
    throw new DerError(`signature algorithm ${algorithm} is not supported`);
  }
  const parameters = { name: "ECDSA", namedCurve: curve.name, hash };
  const imported = await crypto.subtle.importKey("spki", key, parameters, false, ["verify"]);
  const [r, s] = membersOf(readValue(signature), Tag.sequence)
    .map((number) => fixedWidth(expect(number, Tag.integer).content, curve.bytes));
  if (r === undefined || s === undefined) return false;
  return await crypto.subtle.verify(parameters, imported, new Uint8Array([...r, ...s]), data);
}

/** A number's bytes at exactly `width`, as WebCrypto wants both halves of a signature. */
function fixedWidth(number: Uint8Array, width: number): Uint8Array {
  const digits = number[0] === 0 ? number.subarray(1) : number;
  if (digits.length > width) throw new DerError("number too large");
  const result = new Uint8Array(width);
  result.set(digits, width - digits.length);
  return result;
}
