import { alternativeNamesOf, nameOf, type Subject } from "./certificate.ts";
import { DerError } from "./certificate_error.ts";
import { isAddress } from "./ip_address.ts";
import { ECDSA_SHA256, type KeyPair, P256 } from "./key_pair.ts";
import { Oid } from "./oid.ts";
import { decodePem, encodePem } from "./pem.ts";
import { x509Library } from "./x509_library.ts";

/** What a PKCS #10 request asks for. Its maker holds the private key: `readSigningRequest` has checked that. */
export interface SigningRequest {
  readonly subject: Required<Subject>;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
}

/** A PKCS #10 request in PEM, as a kubelet posts it. */
export async function createSigningRequest(
  subject: Subject,
  hosts: readonly string[],
  key: KeyPair,
): Promise<string> {
  const library = await x509Library();
  const { privateKey } = key;
  const publicKey = await crypto.subtle.importKey("spki", key.publicKey, P256, true, ["verify"]);
  const names = alternativeNamesOf(
    hosts.filter((host) => !isAddress(host)),
    hosts.filter(isAddress),
  );
  const request = await library.Pkcs10CertificateRequestGenerator.create({
    name: new library.Name(nameOf(subject)),
    keys: { privateKey, publicKey },
    signingAlgorithm: ECDSA_SHA256,
    extensions: names.length === 0 ? [] : [new library.SubjectAlternativeNameExtension(names)],
  });
  return encodePem("CERTIFICATE REQUEST", new Uint8Array(request.rawData));
}

/** Reads a PEM request and checks its signature. Rejects with `DerError` when it is none or is not signed. */
export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  try {
    return await read(pem);
  } catch (cause) {
    if (cause instanceof DerError) throw cause;
    throw new DerError("not a certificate request that can be read", { cause });
  }
}

async function read(pem: string): Promise<SigningRequest> {
  const block = decodePem(pem).find((block) => block.label === "CERTIFICATE REQUEST");
  if (block === undefined) throw new DerError("PEM block type must be CERTIFICATE REQUEST");
  const library = await x509Library();
  const request = new library.Pkcs10CertificateRequest(block.bytes);
  if (!await request.verify()) throw new DerError("the request's signature is wrong");
  // The library's lists are subclasses of Array, and so would be all that is derived from them.
  const names = [...request.extensions]
    .filter((extension) => extension instanceof library.SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items);
  const namesOf = (type: (typeof names)[number]["type"]) =>
    names.filter((name) => name.type === type).map(({ value }) => value);
  const ipAddresses = namesOf("ip");
  if (!ipAddresses.every(isAddress)) throw new DerError("an address is neither IPv4 nor IPv6");
  return {
    subject: {
      // The last common name counts, as in Go.
      commonName: request.subjectName.getField(Oid.commonName).at(-1) ?? "",
      organizations: request.subjectName.getField(Oid.organization),
    },
    dnsNames: namesOf("dns"),
    ipAddresses,
    emailAddresses: namesOf("email"),
    uris: namesOf("url"),
    publicKey: new Uint8Array(request.publicKey.rawData),
  };
}
