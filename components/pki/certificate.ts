import type { JsonGeneralName, JsonNameParams, Name } from "@peculiar/x509";
import { ECDSA_SHA256 } from "./key_pair.ts";
import { Oid } from "./oid.ts";
import type { X509Library } from "./x509_library.ts";

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

/** What the signer adds: its name as it stands in its own certificate, its key and that key's identifier. */
export interface Issuance {
  readonly issuer: Name;
  readonly serialNumber: string;
  /** DER SubjectPublicKeyInfo of the certificate's holder. */
  readonly publicKey: Uint8Array;
  readonly signingKey: CryptoKey;
  /** In hexadecimal; undefined for a certificate that signs itself. */
  readonly authorityKeyId?: string;
}

/** A name: organizations first, then the common name, one attribute each, always UTF-8 and never parsed from text. */
export function nameOf({ commonName, organizations = [] }: Subject): JsonNameParams {
  return [
    ...organizations.map((name) => ({ [Oid.organization]: [{ utf8String: name }] })),
    { [Oid.commonName]: [{ utf8String: commonName }] },
  ];
}

/** Names and addresses as a subject alternative name lists them. A name that looks like an address stays a name. */
export const alternativeNamesOf = (
  dnsNames: readonly string[] = [],
  ipAddresses: readonly string[] = [],
): JsonGeneralName[] => [
  ...dnsNames.map((value) => ({ type: "dns" as const, value })),
  ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
];

/** Makes and signs a certificate; answers DER. */
export async function issueCertificate(
  library: X509Library,
  profile: CertificateProfile,
  issuance: Issuance,
): Promise<Uint8Array> {
  const { issuer, serialNumber, signingKey } = issuance;
  const certificate = await library.X509CertificateGenerator.create({
    subject: new library.Name(nameOf(profile.subject)),
    issuer,
    serialNumber,
    notBefore: wholeSecond(profile.notBefore),
    notAfter: wholeSecond(profile.notAfter),
    publicKey: new Uint8Array(issuance.publicKey),
    signingKey,
    signingAlgorithm: ECDSA_SHA256,
    extensions: await extensionsOf(library, profile, issuance),
  });
  return new Uint8Array(certificate.rawData);
}

async function extensionsOf(
  library: X509Library,
  profile: CertificateProfile,
  { publicKey, authorityKeyId }: Issuance,
) {
  const { ExtendedKeyUsage, KeyUsageFlags } = library;
  const isAuthority = profile.isAuthority === true;
  const purposes = profile.usages.map((usage) =>
    usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  );
  const names = alternativeNamesOf(profile.dnsNames, profile.ipAddresses);
  const keyUsages = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment |
    (isAuthority ? KeyUsageFlags.keyCertSign : 0);
  return [
    new library.KeyUsagesExtension(keyUsages, true),
    ...(purposes.length > 0 ? [new library.ExtendedKeyUsageExtension(purposes)] : []),
    new library.BasicConstraintsExtension(isAuthority, undefined, true),
    ...(isAuthority
      ? [await library.SubjectKeyIdentifierExtension.create(new Uint8Array(publicKey))]
      : []),
    ...(authorityKeyId === undefined
      ? []
      : [new library.AuthorityKeyIdentifierExtension(authorityKeyId)]),
    ...(names.length > 0 ? [new library.SubjectAlternativeNameExtension(names)] : []),
  ];
}

/** Certificates know no fractions of a second. */
const wholeSecond = (milliseconds: number): Date =>
  new Date(Math.floor(milliseconds / 1000) * 1000);
