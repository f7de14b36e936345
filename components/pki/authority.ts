import type { Clock, Random } from "../base/mod.ts";
import { type CertificateProfile, encodeBody, encodeName, encodeSigned } from "./certificate.ts";
import { readCertificate } from "./certificate_reader.ts";
import { keyIdentifier, type KeyPair, signBytes } from "./key_pair.ts";
import { decodePem, encodePem } from "./pem.ts";

export const HOUR_MILLISECONDS = 3_600_000;
/** As kubeadm: authorities live ten years, what they sign one. */
export const AUTHORITY_LIFETIME_MILLISECONDS = 10 * 365 * 24 * HOUR_MILLISECONDS;
export const LEAF_LIFETIME_MILLISECONDS = 365 * 24 * HOUR_MILLISECONDS;
/** A certificate is valid from a little earlier: the clocks of a cluster's machines differ. */
export const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

/** What the signer decides itself about a certificate: everything but the times. */
export type LeafProfile = Omit<CertificateProfile, "notBefore" | "notAfter" | "isAuthority">;

/** A certificate authority that signs with ECDSA P-256. */
export class CertificateAuthority {
  readonly #key: KeyPair;
  readonly #name: Uint8Array;
  readonly #clock: Clock;
  readonly #random: Random;

  private constructor(
    /** Its own certificate in PEM: what others trust. */
    readonly certificate: string,
    /** Identifies its key in what it signs. */
    readonly keyId: Uint8Array,
    key: KeyPair,
    name: Uint8Array,
    clock: Clock,
    random: Random,
  ) {
    this.#key = key;
    this.#name = name;
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
    const keyId = await keyIdentifier(key.publicKey);
    const subject = { commonName };
    const issuer = encodeName(subject);
    const notBefore = clock.now() - CLOCK_SKEW_MILLISECONDS;
    const body = encodeBody({
      subject,
      usages: [],
      isAuthority: true,
      notBefore,
      notAfter: clock.now() + AUTHORITY_LIFETIME_MILLISECONDS,
    }, {
      issuer,
      serial: serial(random),
      publicKey: key.publicKey,
      subjectKeyId: keyId,
      authorityKeyId: keyId,
    });
    const der = encodeSigned(body, await signBytes(key.privateKey, body));
    return new CertificateAuthority(
      encodePem("CERTIFICATE", der),
      keyId,
      key,
      issuer,
      clock,
      random,
    );
  }

  /** An authority from its files. Rejects when certificate and key do not belong together or it has expired. */
  static async load(
    certificate: string,
    key: KeyPair,
    clock: Clock,
    random: Random,
  ): Promise<CertificateAuthority> {
    const block = decodePem(certificate).find((block) => block.label === "CERTIFICATE");
    if (block === undefined) throw new Error("no certificate found");
    const facts = readCertificate(block.bytes);
    if (!sameBytes(facts.publicKey, key.publicKey)) {
      throw new Error("certificate and private key do not belong together");
    }
    if (!facts.isAuthority) throw new Error("the certificate is not that of an authority");
    if (facts.notAfter <= clock.now()) {
      throw new Error(`the certificate expired at ${new Date(facts.notAfter).toISOString()}`);
    }
    const keyId = await keyIdentifier(key.publicKey);
    return new CertificateAuthority(certificate, keyId, key, facts.subjectName, clock, random);
  }

  /** Signs a certificate for the holder of `publicKey` (DER SubjectPublicKeyInfo); answers PEM. */
  async sign(
    profile: LeafProfile,
    publicKey: Uint8Array,
    lifetimeMilliseconds: number = LEAF_LIFETIME_MILLISECONDS,
  ): Promise<string> {
    const now = this.#clock.now();
    const body = encodeBody({
      ...profile,
      notBefore: now - CLOCK_SKEW_MILLISECONDS,
      notAfter: now + lifetimeMilliseconds,
    }, {
      issuer: this.#name,
      serial: serial(this.#random),
      publicKey,
      subjectKeyId: await keyIdentifier(publicKey),
      authorityKeyId: this.keyId,
    });
    return encodePem(
      "CERTIFICATE",
      encodeSigned(body, await signBytes(this.#key.privateKey, body)),
    );
  }
}

/** Sixteen bytes, positive, unique: a UUID's random digits. */
function serial(random: Random): Uint8Array {
  const bytes = Uint8Array.fromHex(random.uuid().replaceAll("-", ""));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** True when both hold the same bytes. Not for secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
