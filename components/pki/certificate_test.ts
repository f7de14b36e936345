import assert from "node:assert/strict";
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { X509Certificate as RuntimeCertificate } from "node:crypto";
import {
  alternativeNamesOf,
  type CertificateProfile,
  issueCertificate,
  issuerOf,
  nameBytes,
  nameOf,
} from "./certificate.ts";
import { DerError } from "./certificate_error.ts";
import { elementsOf, integer, oid, sequence, time } from "./der.ts";
import { ECDSA_SHA256, generateKeyPair } from "./key_pair.ts";

const SERIAL = Uint8Array.fromHex("4f0102030405060708090a0b0c0d0e0f");
const DAY_MILLISECONDS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const key = await generateKeyPair();
const authority = await issueCertificate({
  subject: { commonName: "kubernetes", organizations: ["an authority"] },
  usages: [],
  isAuthority: true,
  notBefore: NOW,
  notAfter: NOW + 3650 * DAY_MILLISECONDS,
}, {
  issuer: {
    name: nameBytes({ commonName: "kubernetes", organizations: ["an authority"] }),
  },
  serialNumber: SERIAL,
  publicKey: key.publicKey,
  signingKey: key.privateKey,
});

/** What is signed of a certificate. */
const toBeSigned = (der: Uint8Array<ArrayBuffer>): string =>
  elementsOf(elementsOf(der)[0]!.content)[0]!.whole.toHex();

/** The same certificate as the library makes it. */
async function byLibrary(profile: CertificateProfile): Promise<Uint8Array<ArrayBuffer>> {
  const own = new X509Certificate(authority);
  const names = alternativeNamesOf(profile.dnsNames, profile.ipAddresses);
  const isAuthority = profile.isAuthority === true;
  const extensions: Extension[] = [
    new KeyUsagesExtension(
      KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment |
        (isAuthority ? KeyUsageFlags.keyCertSign : 0),
      true,
    ),
  ];
  if (profile.usages.length > 0) {
    extensions.push(
      new ExtendedKeyUsageExtension(
        profile.usages.map((usage) =>
          usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
        ),
      ),
    );
  }
  extensions.push(new BasicConstraintsExtension(isAuthority, undefined, true));
  if (isAuthority) extensions.push(await SubjectKeyIdentifierExtension.create(key.publicKey));
  extensions.push(
    new AuthorityKeyIdentifierExtension(own.getExtension(SubjectKeyIdentifierExtension)!.keyId),
  );
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
  const made = await X509CertificateGenerator.create({
    subject: new Name(nameOf(profile.subject)),
    issuer: own.subjectName,
    serialNumber: SERIAL.toHex(),
    notBefore: new Date(Math.floor(profile.notBefore / 1000) * 1000),
    notAfter: new Date(Math.floor(profile.notAfter / 1000) * 1000),
    publicKey: key.publicKey,
    signingKey: key.privateKey,
    signingAlgorithm: ECDSA_SHA256,
    extensions,
  });
  return new Uint8Array(made.rawData);
}

Deno.test("certificates are, byte for byte, those that the library makes", async (t) => {
  const year = { notBefore: NOW, notAfter: NOW + 365 * DAY_MILLISECONDS };
  const cases: [string, CertificateProfile][] = [
    ["a client", { ...year, subject: { commonName: "admin" }, usages: ["client"] }],
    ["a client of groups", {
      ...year,
      subject: { commonName: "system:node:a", organizations: ["system:nodes", "other"] },
      usages: ["client"],
    }],
    ["a server of names and addresses", {
      ...year,
      subject: { commonName: "kube-apiserver" },
      usages: ["server"],
      dnsNames: ["kubernetes.default.svc", "localhost", "10.0.0.1"],
      ipAddresses: ["10.96.0.1", "::1", "2001:db8::ff"],
    }],
    ["both", { ...year, subject: { commonName: "x" }, usages: ["server", "client"] }],
    ["an authority", { ...year, subject: { commonName: "x" }, usages: [], isAuthority: true }],
    ["a name that is not ASCII and long", {
      ...year,
      subject: { commonName: "Zoë 北京".repeat(9), organizations: ["o".repeat(300)] },
      usages: ["client"],
    }],
    ["until 2049", {
      subject: { commonName: "x" },
      usages: ["client"],
      notBefore: NOW,
      notAfter: Date.UTC(2049, 11, 31, 23, 59, 59),
    }],
    ["until 2050", {
      subject: { commonName: "x" },
      usages: ["client"],
      notBefore: NOW,
      notAfter: Date.UTC(2050, 0, 1),
    }],
  ];
  for (const [name, profile] of cases) {
    await t.step(name, async () => {
      const made = await issueCertificate(profile, {
        issuer: issuerOf(authority),
        serialNumber: SERIAL,
        publicKey: key.publicKey,
        signingKey: key.privateKey,
      });
      assert.equal(toBeSigned(made), toBeSigned(await byLibrary(profile)));
      const runtime = new RuntimeCertificate(made);
      assert.ok(runtime.verify(new RuntimeCertificate(authority).publicKey));
    });
  }
});

Deno.test("signatures verify whatever leading zeros their numbers have", async () => {
  const profile: CertificateProfile = {
    subject: { commonName: "x" },
    usages: ["client"],
    notBefore: NOW,
    notAfter: NOW + DAY_MILLISECONDS,
  };
  const signer = new RuntimeCertificate(authority).publicKey;
  // One in 256 has one; each number of two.
  for (let i = 0; i < 400; i++) {
    const made = await issueCertificate(profile, {
      issuer: issuerOf(authority),
      serialNumber: Uint8Array.of(1, i >> 8, i & 0xff),
      publicKey: key.publicKey,
      signingKey: key.privateKey,
    });
    assert.ok(new RuntimeCertificate(made).verify(signer), made.toHex());
  }
});

Deno.test("who signs is read of a certificate that others made, too", async () => {
  const name = "C=DE, O=An Authority, CN=Root";
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const made = await X509CertificateGenerator.createSelfSigned({
    name,
    keys: pair,
    serialNumber: "01",
    signingAlgorithm: ECDSA_SHA256,
  });
  const issuer = issuerOf(new Uint8Array(made.rawData));
  assert.deepEqual(issuer, { name: new Uint8Array(made.subjectName.toArrayBuffer()) });
});

Deno.test("what is no certificate signs nothing", () => {
  const cases = ["", "30", "3000", "30030c0161", "3005300302", "308400ffffff", "ff"];
  for (const hex of cases) {
    assert.throws(() => issuerOf(Uint8Array.fromHex(hex)), DerError, hex);
  }
});

Deno.test("numbers, identifiers, times and lengths in DER", () => {
  const cases: [Uint8Array, string][] = [
    [integer(Uint8Array.of(0)), "020100"],
    [integer(Uint8Array.of(0, 0, 1)), "020101"],
    [integer(Uint8Array.of(0x80)), "02020080"],
    [integer(Uint8Array.of(0, 0x80)), "02020080"],
    [oid("2.5.4.3"), "0603550403"],
    [oid("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    [oid("1.3.6.1.4.1.57683.2"), "06092b0601040183c25302"],
    [time(Date.UTC(2026, 0, 2, 3, 4, 5, 999)), "170d3236303130323033303430355a"],
    [time(Date.UTC(2050, 0, 1)), "180f32303530303130313030303030305a"],
    [sequence(new Uint8Array(127)), `307f${"00".repeat(127)}`],
    [sequence(new Uint8Array(128)), `308180${"00".repeat(128)}`],
    [sequence(new Uint8Array(256)), `30820100${"00".repeat(256)}`],
  ];
  for (const [bytes, hex] of cases) assert.equal(bytes.toHex(), hex);
});
