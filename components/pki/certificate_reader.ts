import { X509Certificate } from "node:crypto";
import type { Subject } from "./certificate.ts";
import { DerError } from "./certificate_error.ts";
import { canonicalAddress } from "./ip_address.ts";
import { Oid } from "./oid.ts";
import { decodePem } from "./pem.ts";
import { x509Library } from "./x509_library.ts";

/** What a certificate says. It says nothing about whether anybody trusts it. */
export interface CertificateFacts {
  readonly subject: Required<Subject>;
  readonly isAuthority: boolean;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads a DER certificate. Throws `DerError` when it is none. Cheap: the runtime's own reader, no library. */
export function readCertificate(der: Uint8Array): CertificateFacts {
  return factsOf(parseCertificate(der));
}

/** Whether one of the PEM certificates signed the DER certificate; false for what is no certificate. */
export function isIssuedBy(der: Uint8Array, authorities: string): boolean {
  try {
    const certificate = parseCertificate(der);
    return decodePem(authorities).filter(({ label }) => label === "CERTIFICATE")
      .map(({ bytes }) => parseCertificate(bytes)).some((authority) =>
        certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
      );
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** The runtime's view of a DER certificate. Throws `DerError` when it is none. */
export function parseCertificate(der: Uint8Array): X509Certificate {
  try {
    // A copy: only then does it surely read these bytes, and not all of the buffer behind them.
    return new X509Certificate(Uint8Array.from(der));
  } catch (cause) {
    throw new DerError("not a certificate", { cause });
  }
}

/** The parts of a parsed certificate that Kubernetes reads; the last common name counts, as in Go. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  // Not `certificate.subject`: that text does not escape the newlines that separate its attributes, so a common name
  // could forge a group. The legacy object is made from the attributes themselves.
  const { subject } = certificate.toLegacyObject();
  return {
    subject: {
      commonName: values(subject?.CN).at(-1) ?? "",
      organizations: values(subject?.O),
    },
    isAuthority: certificate.ca,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** One attribute is a text, several of the same type are a list, none is absent. */
const values = (attribute: unknown): string[] =>
  [attribute].flat().filter((value) => typeof value === "string");

/**
 * Kubernetes' UID attribute of a certificate's subject. The runtime's reader names no attributes that it has no short
 * name for, so the few certificates that mention this one are read by the library.
 */
export async function readSubjectUid(der: Uint8Array): Promise<string | undefined> {
  if (!(parseCertificate(der).subject ?? "").includes(Oid.kubernetesUid)) return undefined;
  const library = await x509Library();
  try {
    return new library.X509Certificate(Uint8Array.from(der))
      .subjectName.getField(Oid.kubernetesUid).at(-1);
  } catch (cause) {
    throw new DerError("not a certificate", { cause });
  }
}

/**
 * The subject alternative names as text, sorted, to see whether a certificate of our own still has the names it should
 * have. Nothing else may rely on it: the text does not escape its separators.
 */
export const alternativeNamesText = (certificate: X509Certificate): string =>
  sorted((certificate.subjectAltName ?? "").split(", "));

/** What `alternativeNamesText` answers for a certificate of these names. */
export const alternativeNamesTextOf = (
  dnsNames: readonly string[],
  ipAddresses: readonly string[],
): string =>
  sorted([
    ...dnsNames.map((name) => `DNS:${name}`),
    ...ipAddresses.map((address) => `${IP_PREFIX}${address}`),
  ]);

const IP_PREFIX = "IP Address:";
const sorted = (names: readonly string[]): string =>
  names.map((name) =>
    name.startsWith(IP_PREFIX) ? IP_PREFIX + canonicalAddress(name.slice(IP_PREFIX.length)) : name
  ).sort().join(", ");
