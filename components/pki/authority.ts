import { X509Certificate } from "node:crypto";
import type { Clock, Random } from "../base/mod.ts";
import { type CertificateProfile, issueCertificate, nameOf } from "./certificate.ts";
import { factsOf, parseCertificate } from "./certificate_reader.ts";
import { holdsKey, type KeyPair } from "./key_pair.ts";
import { decodePem, encodePem } from "./pem.ts";
import { x509Library } from "./x509_library.ts";

/** As kubeadm: authorities live ten years, what they sign one. */
export const AUTHORITY_LIFETIME_MILLISECONDS = 10 * 365 * 24 * 3_600_000;
export const LEAF_LIFETIME_MILLISECONDS = 365 * 24 * 3_600_000;
/** A certificate is valid from a little earlier: the clocks of a cluster's machines differ. */
const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

/** What the signer decides itself about a certificate: everything but the times. */
export type LeafProfile = Omit<CertificateProfile, "notBefore" | "notAfter" | "isAuthority">;

/** A certificate authority that signs with ECDSA P-256. */
export class CertificateAuthority {
  readonly #own: X509Certificate;
  readonly #key: KeyPair;
  readonly #clock: Clock;
  readonly #random: Random;

  private constructor(
    /** Its own certificate in PEM: what others trust. */
    readonly certificate: string,
    own: X509Certificate,
    key: KeyPair,
    clock: Clock,
    random: Random,
  ) {
    this.#own = own;
    this.#key = key;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new self-signed authority for `key`. */
  static async create(
    commonName: string,
    key: KeyPair,
    clock: Clock,
    random: Random,
  ): Promise<CertificateAuthority> {
    const library = await x509Library();
    const subject = { commonName };
    const der = await issueCertificate(library, {
      subject,
      usages: [],
      isAuthority: true,
      notBefore: clock.now() - CLOCK_SKEW_MILLISECONDS,
      notAfter: clock.now() + AUTHORITY_LIFETIME_MILLISECONDS,
    }, {
      issuer: new library.Name(nameOf(subject)),
      serialNumber: serialNumber(random),
      publicKey: key.publicKey,
      signingKey: key.privateKey,
    });
    const certificate = encodePem("CERTIFICATE", der);
    return new CertificateAuthority(certificate, parseCertificate(der), key, clock, random);
  }

  /** An authority from its files. Rejects when certificate and key do not belong together or it has expired. */
  static load(
    certificate: string,
    key: KeyPair,
    clock: Clock,
    random: Random,
  ): Promise<CertificateAuthority> {
    return Promise.try(() => {
      const own = parseCertificate(firstCertificate(certificate));
      if (!holdsKey(own, key)) {
        throw new Error("certificate and private key do not belong together");
      }
      const { isAuthority, notAfter } = factsOf(own);
      if (!isAuthority) throw new Error("the certificate is not that of an authority");
      if (notAfter <= clock.now()) {
        throw new Error(`the certificate expired at ${new Date(notAfter).toISOString()}`);
      }
      return new CertificateAuthority(certificate, own, key, clock, random);
    });
  }

  /** True for a certificate that this authority has signed. */
  hasSigned(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.#own) && certificate.verify(this.#own.publicKey);
  }

  /** Signs a certificate for the holder of `publicKey` (DER SubjectPublicKeyInfo); answers PEM. */
  async sign(
    profile: LeafProfile,
    publicKey: Uint8Array,
    lifetimeMilliseconds: number = LEAF_LIFETIME_MILLISECONDS,
  ): Promise<string> {
    const library = await x509Library();
    const { SubjectKeyIdentifierExtension } = library;
    const own = new library.X509Certificate(firstCertificate(this.certificate));
    const authorityKeyId = own.getExtension(SubjectKeyIdentifierExtension)?.keyId;
    const now = this.#clock.now();
    const der = await issueCertificate(library, {
      ...profile,
      notBefore: now - CLOCK_SKEW_MILLISECONDS,
      notAfter: now + lifetimeMilliseconds,
    }, {
      issuer: own.subjectName,
      serialNumber: serialNumber(this.#random),
      publicKey,
      signingKey: this.#key.privateKey,
      ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
    });
    return encodePem("CERTIFICATE", der);
  }
}

function firstCertificate(pem: string): Uint8Array<ArrayBuffer> {
  const block = decodePem(pem).find(({ label }) => label === "CERTIFICATE");
  if (block === undefined) throw new Error("no certificate found");
  return block.bytes;
}

/** Sixteen bytes in hexadecimal, positive, unique: a UUID's random digits. */
function serialNumber(random: Random): string {
  const bytes = Uint8Array.fromHex(random.uuid().replaceAll("-", ""));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toHex();
}
