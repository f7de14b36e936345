import type { CertificateUsage, Subject } from "./certificate.ts";
import { Tag } from "./der.ts";
import {
  type DerValue,
  members,
  membersOf,
  readOid,
  readText,
  readTime,
  readValue,
} from "./der_reader.ts";
import { addressText } from "./ip_bytes.ts";
import { Oid } from "./oid.ts";

/** Names and constraints that a certificate's or a request's extensions carry. */
export interface ExtensionValues {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly usages: readonly CertificateUsage[];
  readonly isAuthority: boolean;
  /** Which key signed it, when it says so. */
  readonly authorityKeyId?: Uint8Array;
}

/** What a certificate says. It says nothing about whether anybody trusts it. */
export interface CertificateFacts extends ExtensionValues {
  readonly subject: Required<Subject>;
  /** Kubernetes' UID attribute of the subject. */
  readonly uid?: string;
  /** DER of the names, for comparing and signing. */
  readonly subjectName: Uint8Array;
  readonly issuerName: Uint8Array;
  readonly serial: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

/** Reads a DER certificate. Throws `DerError` when it is none. */
export function readCertificate(der: Uint8Array): CertificateFacts {
  const body = membersOf(readValue(der), Tag.sequence)[0];
  const fields = membersOf(body, Tag.sequence);
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [serial, , issuer, validity, subject, publicKey, ...rest] = fields;
  const [notBefore, notAfter] = membersOf(validity, Tag.sequence);
  const { uid, ...names } = readName(subject);
  const wrapped = rest.find((field) => field.tag === 0xa3);
  return {
    ...readExtensions(wrapped === undefined ? undefined : members(wrapped)[0]),
    subject: names,
    ...(uid === undefined ? {} : { uid }),
    subjectName: subject?.raw ?? new Uint8Array(),
    issuerName: issuer?.raw ?? new Uint8Array(),
    serial: serial?.content ?? new Uint8Array(),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKey: publicKey?.raw ?? new Uint8Array(),
  };
}

/** The parts of a name that Kubernetes reads; the last common name counts, as in Go. */
export function readName(
  name: DerValue | undefined,
): Required<Subject> & { readonly uid?: string } {
  let commonName = "";
  let uid: string | undefined;
  const organizations: string[] = [];
  for (const part of membersOf(name, Tag.sequence)) {
    for (const attribute of membersOf(part, Tag.set)) {
      const [type, value] = membersOf(attribute, Tag.sequence);
      if (value === undefined) continue;
      const id = readOid(type);
      if (id === Oid.commonName) commonName = readText(value);
      else if (id === Oid.organization) organizations.push(readText(value));
      else if (id === Oid.kubernetesUid) uid = readText(value);
    }
  }
  return { commonName, organizations, ...(uid === undefined ? {} : { uid }) };
}

/** Reads a SEQUENCE OF Extension; extensions that nobody here asks for are skipped. */
export function readExtensions(list: DerValue | undefined): ExtensionValues {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  const emailAddresses: string[] = [];
  const uris: string[] = [];
  const usages: CertificateUsage[] = [];
  let isAuthority = false;
  let authorityKeyId: Uint8Array | undefined;
  for (const extension of list === undefined ? [] : membersOf(list, Tag.sequence)) {
    const fields = membersOf(extension, Tag.sequence);
    const id = readOid(fields[0]);
    const octets = fields[fields.length - 1];
    if (octets === undefined || octets.tag !== Tag.octetString) continue;
    if (id === Oid.subjectAlternativeName) {
      for (const name of membersOf(readValue(octets.content), Tag.sequence)) {
        const text = () => String.fromCharCode(...name.content);
        if (name.tag === 0x81) emailAddresses.push(text());
        else if (name.tag === 0x82) dnsNames.push(text());
        else if (name.tag === 0x86) uris.push(text());
        else if (name.tag === 0x87) ipAddresses.push(addressText(name.content) ?? "");
      }
    } else if (id === Oid.basicConstraints) {
      const [flag] = membersOf(readValue(octets.content), Tag.sequence);
      isAuthority = flag?.tag === Tag.boolean && flag.content[0] !== 0;
    } else if (id === Oid.authorityKeyId) {
      const fields = membersOf(readValue(octets.content), Tag.sequence);
      authorityKeyId = fields.find((field) => field.tag === 0x80)?.content;
    } else if (id === Oid.extendedKeyUsage) {
      for (const purpose of membersOf(readValue(octets.content), Tag.sequence)) {
        const usage = readOid(purpose);
        if (usage === Oid.serverAuthentication) usages.push("server");
        else if (usage === Oid.clientAuthentication) usages.push("client");
      }
    }
  }
  return {
    dnsNames,
    ipAddresses,
    emailAddresses,
    uris,
    usages,
    isAuthority,
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
  };
}
