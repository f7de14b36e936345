import type { JsonGeneralName, JsonNameParams } from "@peculiar/x509";
import { DerError } from "./certificate_error.ts";
import {
  bits,
  contextTag,
  type Der,
  type DerElement,
  element,
  elementsOf,
  integer,
  octets,
  oid,
  sequence,
  Tag,
  time,
  utf8,
} from "./der.ts";
import { addressBytes } from "./ip_address.ts";
import { ECDSA_SHA256 } from "./key_pair.ts";
import { Oid } from "./oid.ts";

/** Who a certificate names. `organizations` are the groups of a Kubernetes client. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** What the holder of a leaf certificate may do with it. */
export type CertificateUsage = "server" | "client";

/** What a certificate should say. Times in milliseconds since the epoch. */
export interface CertificateProfile {
  readonly subject: Subject;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usages: readonly CertificateUsage[];
  readonly isAuthority?: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What the signer adds: who it is, as its own certificate says it, and its key. */
export interface Issuance {
  readonly issuer: Issuer;
  /** Bytes of a positive number. */
  readonly serialNumber: Uint8Array;
  /** DER SubjectPublicKeyInfo of the certificate's holder. */
  readonly publicKey: Der;
  /** Of ECDSA P-256. */
  readonly signingKey: CryptoKey;
}

/** A signer's name in DER, and its key's identifier where its certificate has one. */
export interface Issuer {
  readonly name: Der;
  readonly keyId?: Der;
}

const CRITICAL = element(Tag.boolean, Uint8Array.of(0xff));
const VERSION_3 = element(contextTag(0, true), integer(Uint8Array.of(2)));
const ALGORITHM = sequence(oid(Oid.ecdsaWithSha256));
/** Bits of digitalSignature and keyEncipherment, and of keyCertSign. */
const LEAF_USAGE = bits(Uint8Array.of(0b1010_0000), 5);
const AUTHORITY_USAGE = bits(Uint8Array.of(0b1010_0100), 2);
const PURPOSES = { server: Oid.serverAuth, client: Oid.clientAuth } as const;

/** A name as the library takes it: organizations first, then the common name, one attribute each, always UTF-8. */
export function nameOf({ commonName, organizations = [] }: Subject): JsonNameParams {
  return [
    ...organizations.map((name) => ({ [Oid.organization]: [{ utf8String: name }] })),
    { [Oid.commonName]: [{ utf8String: commonName }] },
  ];
}

/** The same name in DER. */
export function nameBytes({ commonName, organizations = [] }: Subject): Der {
  const attribute = (type: string, value: string) =>
    element(Tag.set, sequence(oid(type), utf8(value)));
  return sequence(
    ...organizations.map((name) => attribute(Oid.organization, name)),
    attribute(Oid.commonName, commonName),
  );
}

/** Names and addresses as a subject alternative name lists them. A name that looks like an address stays a name. */
export const alternativeNamesOf = (
  dnsNames: readonly string[] = [],
  ipAddresses: readonly string[] = [],
): JsonGeneralName[] => [
  ...dnsNames.map((value) => ({ type: "dns" as const, value })),
  ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
];

/**
 * Makes and signs a certificate; answers DER. Written here and not by the library, whose loading is a fifth of a first
 * start and 20 MB of what then stays resident.
 */
export async function issueCertificate(
  profile: CertificateProfile,
  { issuer, serialNumber, publicKey, signingKey }: Issuance,
): Promise<Der> {
  const toBeSigned = sequence(
    VERSION_3,
    integer(serialNumber),
    ALGORITHM,
    issuer.name,
    sequence(time(profile.notBefore), time(profile.notAfter)),
    nameBytes(profile.subject),
    publicKey,
    element(contextTag(3, true), sequence(...await extensionsOf(profile, issuer, publicKey))),
  );
  const signature = await crypto.subtle.sign(ECDSA_SHA256, signingKey, toBeSigned);
  return sequence(toBeSigned, ALGORITHM, bits(signatureBytes(new Uint8Array(signature))));
}

/** Who signs with a certificate, given as DER. Throws `DerError` for what is none. */
export function issuerOf(certificate: Der): Issuer {
  const toBeSigned = inside(inside(elementsOf(certificate)[0])[0]);
  // The version may be absent; then come serial number, algorithm, issuer and validity.
  const subject = toBeSigned[toBeSigned[0]?.tag === contextTag(0, true) ? 5 : 4];
  if (subject === undefined) throw new DerError("not a certificate");
  const list = toBeSigned.find(({ tag }) => tag === contextTag(3, true));
  const wanted = oid(Oid.subjectKeyIdentifier).toHex();
  const extension = (list === undefined ? [] : inside(inside(list)[0])).map(inside)
    .find(([type]) => type?.whole.toHex() === wanted);
  // Its value is an element in an element.
  const keyId = extension === undefined ? undefined : inside(extension.at(-1))[0]?.content;
  return { name: subject.whole, ...(keyId === undefined ? {} : { keyId }) };
}

function inside(parent: DerElement | undefined): DerElement[] {
  if (parent === undefined) throw new DerError("not a certificate");
  return elementsOf(parent.content);
}

async function extensionsOf(
  { usages, isAuthority = false, dnsNames = [], ipAddresses = [] }: CertificateProfile,
  issuer: Issuer,
  publicKey: Der,
): Promise<Der[]> {
  const names = [
    ...dnsNames.map((name) => element(contextTag(2), latin(name))),
    ...ipAddresses.map((address) => element(contextTag(7), addressBytes(address))),
  ];
  return [
    extension(Oid.keyUsage, isAuthority ? AUTHORITY_USAGE : LEAF_USAGE, CRITICAL),
    ...(usages.length > 0
      ? [extension(Oid.extendedKeyUsage, sequence(...usages.map((usage) => oid(PURPOSES[usage]))))]
      : []),
    extension(Oid.basicConstraints, isAuthority ? sequence(CRITICAL) : sequence(), CRITICAL),
    ...(isAuthority ? [extension(Oid.subjectKeyIdentifier, octets(await keyIdOf(publicKey)))] : []),
    ...(issuer.keyId === undefined ? [] : [
      extension(Oid.authorityKeyIdentifier, sequence(element(contextTag(0), issuer.keyId))),
    ]),
    ...(names.length > 0 ? [extension(Oid.subjectAlternativeName, sequence(...names))] : []),
  ];
}

const extension = (type: string, value: Der, ...critical: readonly Der[]): Der =>
  sequence(oid(type), ...critical, octets(value));

/** The usual identifier of a key: the digest of its bits. */
async function keyIdOf(publicKey: Der): Promise<Der> {
  const key = inside(elementsOf(publicKey)[0])[1]?.content.subarray(1) ?? new Uint8Array();
  return new Uint8Array(await crypto.subtle.digest("SHA-1", key));
}

/** Two numbers of one length, one after another, as two integers. */
function signatureBytes(raw: Der): Der {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

/** A name's characters as bytes, as they were when it was read. */
const latin = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
