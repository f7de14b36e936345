import assert from "node:assert/strict";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { CERTIFICATE_SIGNING_REQUESTS, type CertificateSigningRequest } from "../../api/mod.ts";
import {
  CertificateAuthority,
  createSigningRequest,
  decodePem,
  generateKeyPair,
  readCertificate,
} from "../../pki/mod.ts";
import { Simulation } from "../simulation.ts";
import { isStale } from "./cleanup.ts";
import {
  CLIENT,
  KUBELET_CLIENT,
  KUBELET_SERVING,
  lifetimeMilliseconds,
  requestProblem,
} from "./signers.ts";

const request = (commonName: string, organizations: string[], more: object = {}) => ({
  subject: { commonName, organizations },
  publicKey: new Uint8Array(),
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  usages: [],
  isAuthority: false,
  ...more,
});

Deno.test("requestProblem() holds each signer's rules", () => {
  const node = "system:node:n1";
  const nodes = ["system:nodes"];
  const cases: [string, string[], ReturnType<typeof request>, boolean][] = [
    [CLIENT, ["client auth"], request("me", []), true],
    [CLIENT, ["server auth"], request("me", []), false],
    [CLIENT, ["client auth", "code signing"], request("me", []), false],
    [KUBELET_CLIENT, ["client auth", "digital signature"], request(node, nodes), true],
    [KUBELET_CLIENT, ["client auth"], request("n1", nodes), false],
    [KUBELET_CLIENT, ["client auth"], request(node, ["system:masters"]), false],
    [KUBELET_CLIENT, ["client auth"], request(node, nodes, { dnsNames: ["x"] }), false],
    [KUBELET_SERVING, ["server auth"], request(node, nodes, { ipAddresses: ["10.0.0.1"] }), true],
    [KUBELET_SERVING, ["server auth"], request(node, nodes), false],
    [KUBELET_SERVING, ["client auth"], request(node, nodes, { dnsNames: ["x"] }), false],
  ];
  for (const [signerName, usages, asked, good] of cases) {
    const problem = requestProblem({ spec: { signerName, usages } }, asked);
    assert.equal(problem === undefined, good, `${signerName} ${usages} ${problem}`);
  }
  assert.equal(lifetimeMilliseconds({ spec: { expirationSeconds: 3600 } }), 3_600_000);
  assert.equal(lifetimeMilliseconds({ spec: { expirationSeconds: 1 } }), 600_000);
});

Deno.test("isStale() lets requests go by what became of them", () => {
  const hour = 3_600_000;
  const approved: CertificateSigningRequest = {
    status: { conditions: [{ type: "Approved", lastUpdateTime: "1970-01-01T00:00:00Z" }] },
  };
  const pending = { metadata: { creationTimestamp: "1970-01-01T00:00:00Z" } };
  assert.deepEqual([isStale(approved, hour), isStale(approved, hour + 1)], [false, true]);
  assert.deepEqual([isStale(pending, 24 * hour), isStale(pending, 24 * hour + 1)], [false, true]);
});

Deno.test("an approved request is signed, a bad one is failed, and neither is touched before", async () => {
  const clock = new FakeClock();
  const authority = await CertificateAuthority.create(
    "ca",
    await generateKeyPair(),
    clock,
    seededRandom(1),
  );
  const simulation = new Simulation(["csrsigning"], { signingAuthority: authority });
  const { api, client } = simulation;
  const key = await generateKeyPair();
  const post = async (name: string, usages: string[]) => {
    const pem = await createSigningRequest({ commonName: "me", organizations: ["team"] }, [], key);
    await client.create(CERTIFICATE_SIGNING_REQUESTS, {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { name },
      spec: { request: btoa(pem), signerName: CLIENT, usages, expirationSeconds: 3600 },
    });
  };
  await post("good", ["client auth"]);
  await post("bad", ["server auth"]);
  await simulation.pass(100);
  const all = () => api.list<CertificateSigningRequest>("certificatesigningrequests");
  assert.ok(all().every(({ status }) => status?.certificate === undefined));
  for (const name of ["good", "bad"]) {
    api.change<CertificateSigningRequest>("certificatesigningrequests", name, (csr) => {
      csr.status = { conditions: [{ type: "Approved", status: "True" }] };
    });
  }
  await simulation.pass(100);
  const [good, bad] = all();
  const [block] = decodePem(atob(good?.status?.certificate ?? ""));
  const facts = readCertificate(block!.bytes);
  assert.deepEqual([facts.subject.commonName, facts.subject.organizations], ["me", ["team"]]);
  assert.equal(facts.notAfter, clock.now() + 3_600_000);
  assert.equal(bad?.status?.certificate, undefined);
  assert.equal(bad?.status?.conditions?.at(-1)?.reason, "SignerValidationFailure");
  await simulation.end();
});
