import assert from "node:assert/strict";
import { X509Certificate as RuntimeCertificate } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import "reflect-metadata";
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Name,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { FakeClock, seededRandom, systemClock, systemRandom } from "../base/mod.ts";
import {
  apiServerNames,
  CLIENT_SUBJECTS,
  createSigningRequest,
  decodePem,
  encodePem,
  generateKeyPair,
  nodeSubject,
  openPki,
  type Pki,
  readCertificate,
  readSigningRequest,
  readSubjectUid,
} from "./mod.ts";

const SERVING = {
  commonName: "kube-apiserver",
  hosts: [...apiServerNames(), "10.0.0.1", "127.0.0.1", "0:0:0:0:0:0:0:1", "localhost"],
};

const facts = (pem: string) => readCertificate(decodePem(pem)[0]!.bytes);

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const open = (directory: string | undefined, clock = new FakeClock(), seed = 1): Promise<Pki> =>
  openPki(directory, { clock, random: seededRandom(seed) });

Deno.test("Pki writes what kubeadm's files are called, keys for their owner only", () =>
  inDirectory(async (directory) => {
    const pki = await open(`${directory}/pki`);
    await pki.serving("apiserver", SERVING);
    await pki.frontProxyClient();
    const modes = new Map<string, number>();
    for await (const { name } of Deno.readDir(`${directory}/pki`)) {
      modes.set(name, (await Deno.stat(`${directory}/pki/${name}`)).mode! & 0o777);
    }
    const names = [
      "apiserver.crt",
      "apiserver.key",
      "ca.crt",
      "ca.key",
      "front-proxy-ca.crt",
      "front-proxy-ca.key",
      "front-proxy-client.crt",
      "front-proxy-client.key",
      "sa.key",
      "sa.pub",
    ];
    assert.deepEqual([...modes.keys()].sort(), names);
    for (const [name, mode] of modes) {
      if (name.endsWith(".key")) assert.equal(mode, 0o600, name);
    }
    assert.equal((await Deno.stat(`${directory}/pki`)).mode! & 0o777, 0o700);
  }));

Deno.test("Pki issues certificates that say who they are for", async () => {
  const clock = new FakeClock();
  const pki = await open(undefined, clock);
  const { certificate } = await pki.serving("apiserver", SERVING);
  const parsed = new X509Certificate(certificate);
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.toJSON();
  const of = (type: string) => names?.filter((name) => name.type === type).map((n) => n.value);
  assert.deepEqual(of("dns"), apiServerNames());
  assert.deepEqual(of("ip"), ["10.0.0.1", "127.0.0.1", "::1"]);
  const usages = parsed.getExtension(ExtendedKeyUsageExtension)?.usages ?? [];
  assert.deepEqual([...usages], [ExtendedKeyUsage.serverAuth]);
  const serving = facts(certificate);
  assert.equal(serving.isAuthority, false);
  assert.ok(serving.notBefore < clock.now() && serving.notAfter > clock.now() + 3e10);
  const client = await pki.client("node-a", nodeSubject("a"));
  const node = facts(client.certificate);
  assert.deepEqual(node.subject, {
    commonName: "system:node:a",
    organizations: ["system:nodes"],
  });
  const authority = facts(pki.authority.certificate);
  assert.equal(authority.isAuthority, true);
  assert.ok(pki.authority.hasSigned(new RuntimeCertificate(client.certificate)));
  assert.ok(!pki.frontProxyAuthority.hasSigned(new RuntimeCertificate(client.certificate)));
});

Deno.test("Pki keeps what still serves and renews what does not", async (t) => {
  const cases: {
    name: string;
    change?: (directory: string) => Promise<void>;
    hosts?: string[];
    days?: number;
    kept: boolean;
  }[] = [
    { name: "nothing changed", kept: true },
    { name: "the hosts in another order", hosts: [...SERVING.hosts].reverse(), kept: true },
    { name: "one host more", hosts: [...SERVING.hosts, "10.1.1.1"], kept: false },
    { name: "one host less", hosts: SERVING.hosts.slice(0, 4), kept: false },
    { name: "half a year later", days: 180, kept: true },
    { name: "near its end", days: 300, kept: false },
    { name: "expired", days: 400, kept: false },
    {
      name: "a certificate that is none",
      change: (d) => Deno.writeTextFile(`${d}/apiserver.crt`, "-----BEGIN"),
      kept: false,
    },
    {
      name: "another key",
      change: async (d) =>
        await Deno.writeTextFile(`${d}/apiserver.key`, (await generateKeyPair()).privatePem),
      kept: false,
    },
    {
      name: "another authority",
      change: async (d) => {
        await Deno.remove(`${d}/ca.crt`);
        await Deno.remove(`${d}/ca.key`);
      },
      kept: false,
    },
  ];
  for (const { name, change, hosts, days, kept } of cases) {
    await t.step(name, () =>
      inDirectory(async (directory) => {
        const clock = new FakeClock();
        const first = await (await open(directory, clock)).serving("apiserver", SERVING);
        await change?.(directory);
        await clock.advance((days ?? 0) * 86_400_000);
        const pki = await open(directory, clock, 2);
        const profile = { ...SERVING, hosts: hosts ?? SERVING.hosts };
        const second = await pki.serving("apiserver", profile);
        assert.equal(second.certificate === first.certificate, kept);
        const third = await (await open(directory, clock, 3)).serving("apiserver", profile);
        assert.deepEqual(third, second);
      }));
  }
});

Deno.test("openPki refuses authorities it cannot use, and never replaces them", async (t) => {
  const cases: { name: string; change: (directory: string) => Promise<void>; error: RegExp }[] = [
    {
      name: "certificate without key",
      change: (d) => Deno.remove(`${d}/ca.key`),
      error: /ca\.key is missing/,
    },
    {
      name: "another key",
      change: (d) => Deno.copyFile(`${d}/front-proxy-ca.key`, `${d}/ca.key`),
      error: /ca\.crt: certificate and private key do not belong together/,
    },
    {
      name: "not a certificate",
      change: (d) => Deno.writeTextFile(`${d}/ca.crt`, "nonsense"),
      error: /ca\.crt: no certificate found/,
    },
    {
      name: "not a service-account key",
      change: (d) => Deno.writeTextFile(`${d}/sa.key`, "nonsense"),
      error: /sa\.key or sa\.pub cannot be used/,
    },
  ];
  for (const { name, change, error } of cases) {
    await t.step(name, () =>
      inDirectory(async (directory) => {
        await open(directory);
        await change(directory);
        await assert.rejects(open(directory), error);
      }));
  }
});

Deno.test("openPki finishes a first start that ended between key and certificate", () =>
  inDirectory(async (directory) => {
    const key = (await generateKeyPair()).privatePem;
    await Deno.writeTextFile(`${directory}/ca.key`, key);
    const first = await open(directory);
    assert.equal(await Deno.readTextFile(`${directory}/ca.key`), key);
    assert.equal((await open(directory)).authority.certificate, first.authority.certificate);
  }));

Deno.test("service-account keys stay, and keys that were replaced still verify", () =>
  inDirectory(async (directory) => {
    const first = (await open(directory)).serviceAccountKeys;
    assert.equal(first.signing.algorithm, "ES256");
    assert.equal(first.verification.length, 1);
    const again = (await open(directory)).serviceAccountKeys;
    assert.equal(again.signing.keyId, first.signing.keyId);
    await Deno.writeTextFile(`${directory}/sa.key`, (await generateKeyPair()).privatePem);
    const replaced = (await open(directory)).serviceAccountKeys;
    assert.notEqual(replaced.signing.keyId, first.signing.keyId);
    assert.deepEqual(
      replaced.verification.map((key) => key.keyId),
      [replaced.signing.keyId, first.signing.keyId],
    );
  }));

Deno.test("a TLS server sees a client of the same authority as authorized, others not", async () => {
  const options = { clock: systemClock, random: systemRandom };
  const [pki, stranger] = await Promise.all([
    openPki(undefined, options),
    openPki(undefined, options),
  ]);
  const [server, good, foreign, wrongUse] = await Promise.all([
    pki.serving("apiserver", SERVING),
    pki.client("admin", CLIENT_SUBJECTS.admin),
    stranger.client("admin", CLIENT_SUBJECTS.admin),
    pki.serving("kubelet", { commonName: "kubernetes-admin", hosts: ["localhost"] }),
  ]);
  const seen: boolean[] = [];
  const door = createServer({
    key: server.key,
    cert: server.certificate,
    ca: pki.authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  }, (socket: TLSSocket) => {
    seen.push(socket.authorized);
    socket.on("error", () => {});
    socket.end("x");
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const { port } = door.address() as { port: number };
  for (const { certificate, key } of [good, foreign, wrongUse]) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({
        host: "127.0.0.1",
        port,
        servername: "localhost",
        ca: pki.authority.certificate,
        cert: certificate,
        key,
      });
      socket.on("error", reject);
      socket.on("data", () => {});
      socket.on("close", () => resolve());
    });
  }
  await new Promise<void>((resolve) => door.close(() => resolve()));
  assert.deepEqual(seen, [true, false, false]);
});

Deno.test("readSigningRequest reads what createSigningRequest writes, and refuses a forged one", async () => {
  const key = await generateKeyPair();
  const pem = await createSigningRequest(nodeSubject("a"), ["a", "10.0.0.7"], key);
  const request = await readSigningRequest(pem);
  assert.deepEqual(request.subject, {
    commonName: "system:node:a",
    organizations: ["system:nodes"],
  });
  assert.deepEqual(request.dnsNames, ["a"]);
  assert.deepEqual(request.ipAddresses, ["10.0.0.7"]);
  assert.deepEqual(request.publicKey, key.publicKey);
  const forged = decodePem(pem)[0]!.bytes;
  const at = forged.findIndex((_, i) =>
    String.fromCharCode(...forged.slice(i, i + 6)) === "system"
  );
  forged[at] = "S".charCodeAt(0);
  const text =
    `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toBase64()}\n-----END CERTIFICATE REQUEST-----`;
  await assert.rejects(readSigningRequest(text), { name: "DerError" });
  const der = decodePem(pem)[0]!.bytes;
  for (let length = 0; length < der.length; length += 7) {
    const cut = encodePem("CERTIFICATE REQUEST", der.subarray(0, length));
    await assert.rejects(readSigningRequest(cut), { name: "DerError" });
  }
});

Deno.test("readCertificate throws DerError on every truncation of a certificate", async () => {
  const pki = await open(undefined);
  const der = decodePem(pki.authority.certificate)[0]!.bytes;
  for (let length = 0; length < der.length; length += 7) {
    assert.throws(() => readCertificate(der.subarray(0, length)), { name: "DerError" });
  }
});

Deno.test("readCertificate takes a hostile name for the text it is, never for another attribute", async (t) => {
  const pki = await open(undefined);
  const { publicKey } = await generateKeyPair();
  const names = [
    "a\nO=system:masters",
    "a, O=system:masters",
    "a + O=system:masters",
    "a\\nO=system:masters",
    'a"\nO="system:masters',
    "a/O=system:masters",
    "system:masters\0.example",
    "#0c0e73797374656d3a6d617374657273",
    "a\nOID(1.3.6.1.4.1.57683.2)=uid",
    "é漢😀",
    "__proto__",
  ];
  for (const name of names) {
    await t.step(JSON.stringify(name), async () => {
      const subject = { commonName: name, organizations: [`${name} 1`, `${name} 2`] };
      const pem = await pki.authority.sign({ subject, usages: ["client"] }, publicKey);
      assert.deepEqual(facts(pem).subject, subject);
      assert.equal(await readSubjectUid(decodePem(pem)[0]!.bytes), undefined);
    });
  }
});

Deno.test("a requested name that looks like an address stays a name", async () => {
  const pki = await open(undefined);
  const { publicKey } = await generateKeyPair();
  const profile = { subject: { commonName: "a" }, usages: [], dnsNames: ["10.0.0.1", "::1"] };
  const certificate = new X509Certificate(await pki.authority.sign(profile, publicKey));
  assert.deepEqual(certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON(), [
    { type: "dns", value: "10.0.0.1" },
    { type: "dns", value: "::1" },
  ]);
});

Deno.test("readSubjectUid reads Kubernetes' UID attribute", async () => {
  const keys = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const name = new Name([
    { "2.5.4.3": [{ utf8String: "first" }] },
    { "2.5.4.3": [{ utf8String: "last" }] },
    { "1.3.6.1.4.1.57683.2": [{ utf8String: "uid-1" }] },
  ]);
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" } as Algorithm,
  });
  const der = new Uint8Array(certificate.rawData);
  assert.equal(await readSubjectUid(der), "uid-1");
  assert.deepEqual(readCertificate(der).subject, { commonName: "last", organizations: [] });
});

Deno.test("the certificate library is loaded to make certificates, not to use those that are there", () =>
  inDirectory(async (directory) => {
    const program = `
      const { systemClock: clock, systemRandom: random } = await import(${
      JSON.stringify(new URL("../base/mod.ts", import.meta.url).href)
    });
      const pki = await import(${JSON.stringify(new URL("mod.ts", import.meta.url).href)});
      const opened = await pki.openPki(${JSON.stringify(directory)}, { clock, random });
      await opened.serving("apiserver", ${JSON.stringify(SERVING)});
      await opened.frontProxyClient();
      // What the library's dependency leaves behind.
      console.log("getMetadata" in Reflect);
    `;
    for (const loaded of ["true", "false"]) {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", program],
        cwd: new URL("../..", import.meta.url),
      }).output();
      assert.equal(new TextDecoder().decode(stdout).trim(), loaded);
    }
  }));
