import type { Clock, Random } from "../base/mod.ts";
import { CertificateAuthority, LEAF_LIFETIME_MILLISECONDS, type LeafProfile } from "./authority.ts";
import type { Subject } from "./certificate.ts";
import {
  alternativeNamesText,
  alternativeNamesTextOf,
  factsOf,
  parseCertificate,
  readCertificate,
} from "./certificate_reader.ts";
import { directoryFiles, memoryFiles, type PkiFiles } from "./files.ts";
import { FRONT_PROXY_SUBJECT } from "./identities.ts";
import { canonicalAddress, isAddress } from "./ip_address.ts";
import { generateKeyPair, holdsKey, importKeyPair } from "./key_pair.ts";
import { decodePem } from "./pem.ts";
import { openServiceAccountKeys, type ServiceAccountKeys } from "./service_account_key.ts";

/** A certificate with its private key, both PEM. The key is a secret. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Names and addresses (mixed, in any order) that a server answers to. */
export interface ServingProfile {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly hosts: readonly string[];
}

/** A third of its life before its end a certificate is made anew at the next start. */
const RENEW_BEFORE_MILLISECONDS = LEAF_LIFETIME_MILLISECONDS / 3;

/**
 * A cluster's keys and certificates in one directory, under kubeadm's file names. What is asked for is loaded, or
 * made when it is missing, nearly expired, signed by another authority or for other names. An authority or a
 * service-account key that is there but unreadable is an error, never replaced: the cluster trusts it.
 */
export class Pki {
  readonly #files: PkiFiles;
  readonly #clock: Clock;

  constructor(
    files: PkiFiles,
    clock: Clock,
    /** Signs serving and client certificates of the cluster (`ca.crt`). */
    readonly authority: CertificateAuthority,
    /** Signs those who may speak for others (`front-proxy-ca.crt`). */
    readonly frontProxyAuthority: CertificateAuthority,
    readonly serviceAccountKeys: ServiceAccountKeys,
  ) {
    this.#files = files;
    this.#clock = clock;
  }

  /** A server's certificate, kept as `<file>.crt` and `<file>.key`. */
  serving(file: string, profile: ServingProfile): Promise<Credential> {
    const hosts = [...new Set(profile.hosts)];
    return this.#leaf(file, this.authority, {
      subject: {
        commonName: profile.commonName,
        organizations: profile.organizations ?? [],
      },
      usages: ["server"],
      dnsNames: hosts.filter((host) => !isAddress(host)),
      ipAddresses: [...new Set(hosts.filter(isAddress).map(canonicalAddress))],
    });
  }

  /** A client's certificate: the common name is the user, the organizations are the groups. */
  client(file: string, subject: Subject): Promise<Credential> {
    return this.#leaf(file, this.authority, { subject, usages: ["client"] });
  }

  /** The certificate with which the aggregation layer shows itself to extension API servers. */
  frontProxyClient(): Promise<Credential> {
    return this.#leaf("front-proxy-client", this.frontProxyAuthority, {
      subject: FRONT_PROXY_SUBJECT,
      usages: ["client"],
    });
  }

  async #leaf(
    file: string,
    authority: CertificateAuthority,
    profile: LeafProfile,
  ): Promise<Credential> {
    const kept = await this.#load(file, authority, profile).catch(() => undefined);
    if (kept !== undefined) return kept;
    const pair = await generateKeyPair();
    const certificate = await authority.sign(profile, pair.publicKey);
    await Promise.all([
      this.#files.write(`${file}.key`, pair.privatePem, { secret: true }),
      this.#files.write(`${file}.crt`, certificate, { secret: false }),
    ]);
    const { notAfter } = readCertificate(decodePem(certificate)[0]!.bytes);
    return { certificate, key: pair.privatePem, notAfter };
  }

  /** Undefined when what is kept no longer serves; rejects when it cannot be read, which is the same. */
  async #load(
    file: string,
    authority: CertificateAuthority,
    profile: LeafProfile,
  ): Promise<Credential | undefined> {
    const [certificate, key] = await Promise.all([
      this.#files.read(`${file}.crt`),
      this.#files.read(`${file}.key`),
    ]);
    const block = decodePem(certificate ?? "")[0];
    if (certificate === undefined || key === undefined || block === undefined) return undefined;
    const kept = parseCertificate(block.bytes);
    const { notAfter, subject } = factsOf(kept);
    const fits = holdsKey(kept, await importKeyPair(key)) &&
      authority.hasSigned(kept) &&
      notAfter - this.#clock.now() > RENEW_BEFORE_MILLISECONDS &&
      subject.commonName === profile.subject.commonName &&
      sameSet(subject.organizations, profile.subject.organizations ?? []) &&
      alternativeNamesText(kept) ===
        alternativeNamesTextOf(profile.dnsNames ?? [], profile.ipAddresses ?? []);
    return fits ? { certificate, key, notAfter } : undefined;
  }
}

/** Opens a cluster's keys, making what is missing. Without a directory they live in memory only. */
export async function openPki(
  directory: string | undefined,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<Pki> {
  const files = directory === undefined ? memoryFiles() : await directoryFiles(directory, random);
  const [authority, frontProxy, serviceAccountKeys] = await Promise.all([
    openAuthority(files, "ca", "kubernetes", clock, random),
    openAuthority(files, "front-proxy-ca", "front-proxy-ca", clock, random),
    openServiceAccountKeys(files),
  ]);
  return new Pki(files, clock, authority, frontProxy, serviceAccountKeys);
}

async function openAuthority(
  files: PkiFiles,
  name: string,
  commonName: string,
  clock: Clock,
  random: Random,
): Promise<CertificateAuthority> {
  const [certificate, key] = await Promise.all([
    files.read(`${name}.crt`),
    files.read(`${name}.key`),
  ]);
  if (key === undefined && certificate !== undefined) {
    throw new Error(`${files.describe(`${name}.key`)} is missing: nothing can be signed without`);
  }
  try {
    if (certificate !== undefined && key !== undefined) {
      return await CertificateAuthority.load(certificate, await importKeyPair(key), clock, random);
    }
    // A key without certificate is a first start that was cut short: the key is written first.
    const pair = key === undefined ? await generateKeyPair() : await importKeyPair(key);
    const authority = await CertificateAuthority.create(commonName, pair, clock, random);
    if (key === undefined) await files.write(`${name}.key`, pair.privatePem, { secret: true });
    await files.write(`${name}.crt`, authority.certificate, { secret: false });
    return authority;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${files.describe(`${name}.crt`)}: ${why}`, { cause });
  }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const set = new Set(a);
  return set.size === new Set(b).size && b.every((item) => set.has(item));
}
