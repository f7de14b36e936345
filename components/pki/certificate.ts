import {
  bitString,
  boolean,
  directoryString,
  explicit,
  implicit,
  octetString,
  oid,
  sequence,
  set,
  time,
  unsignedInteger,
} from "./der.ts";
import { Oid } from "./oid.ts";
import { addressBytes } from "./ip_bytes.ts";

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

/** What the signer adds: its name as it stands in its own certificate, and the keys' identifiers. */
export interface Issuance {
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  /** DER SubjectPublicKeyInfo of the certificate's holder. */
  readonly publicKey: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  readonly authorityKeyId: Uint8Array;
}

const SIGNATURE_ALGORITHM = sequence(oid(Oid.ecdsaWithSha256));

/** DER of a name: organizations first, then the common name, one attribute each. */
export function encodeName(subject: Subject): Uint8Array {
  const attribute = (type: string, value: string) =>
    set(sequence(oid(type), directoryString(value)));
  return sequence(
    ...(subject.organizations ?? []).map((name) => attribute(Oid.organization, name)),
    attribute(Oid.commonName, subject.commonName),
  );
}

/** The part of a certificate that is signed (TBSCertificate). Pure. */
export function encodeBody(profile: CertificateProfile, issuance: Issuance): Uint8Array {
  return sequence(
    explicit(0, unsignedInteger([2])),
    unsignedInteger(issuance.serial),
    SIGNATURE_ALGORITHM,
    issuance.issuer,
    sequence(time(profile.notBefore), time(profile.notAfter)),
    encodeName(profile.subject),
    issuance.publicKey,
    explicit(3, sequence(...extensions(profile, issuance))),
  );
}

/** Body and signature (`r || s`, as WebCrypto gives it) as one certificate. */
export function encodeSigned(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return sequence(body, SIGNATURE_ALGORITHM, bitString(derSignature(signature)));
}

/** ECDSA's two numbers as DER wants them. */
export function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}

function extensions(profile: CertificateProfile, issuance: Issuance): Uint8Array[] {
  const extension = (type: string, critical: boolean, value: Uint8Array) =>
    sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
  const authority = profile.isAuthority === true;
  // keyUsage bits: digitalSignature 0, keyEncipherment 2, keyCertSign 5.
  const usageBits = authority ? bitString([0b1010_0100], 2) : bitString([0b1010_0000], 5);
  const result = [extension(Oid.keyUsage, true, usageBits)];
  if (profile.usages.length > 0) {
    const purposes = profile.usages.map((usage) =>
      oid(usage === "server" ? Oid.serverAuthentication : Oid.clientAuthentication)
    );
    result.push(extension(Oid.extendedKeyUsage, false, sequence(...purposes)));
  }
  result.push(
    extension(Oid.basicConstraints, true, authority ? sequence(boolean(true)) : sequence()),
  );
  if (authority) {
    result.push(extension(Oid.subjectKeyId, false, octetString(issuance.subjectKeyId)));
  } else {
    const keyId = sequence(implicit(0, issuance.authorityKeyId));
    result.push(extension(Oid.authorityKeyId, false, keyId));
  }
  const names = [
    ...(profile.dnsNames ?? []).map((name) => implicit(2, new TextEncoder().encode(name))),
    ...(profile.ipAddresses ?? []).map((address) => implicit(7, addressBytes(address))),
  ];
  if (names.length > 0) {
    result.push(extension(Oid.subjectAlternativeName, false, sequence(...names)));
  }
  return result;
}
