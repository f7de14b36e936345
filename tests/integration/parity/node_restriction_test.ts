/** What a node may not do though the authorizer lets it come so far. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../components/base/mod.ts";
import { createSigningRequest, generateKeyPair } from "../../../components/pki/mod.ts";
import { ParityServer } from "./parity_server.ts";
import { asAdmin } from "./security_peer.ts";

const NODE = { username: "system:node:n1", groups: ["system:nodes", "system:authenticated"] };

async function asNode(server: ParityServer, send: string, body?: JsonObject | JsonObject[]) {
  const [method = "GET", path = "/"] = send.split(" ");
  const type = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
  const response = await server.server.handle(
    new Request(`https://server${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
    { address: "a:1", user: NODE },
  );
  const answer = await response.json();
  return response.ok ? response.status : String(answer["message"]);
}

const pod = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}) => ({
  metadata: { name, ...metadata },
  spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }], ...spec },
});

Deno.test("a node keeps to itself", async (test) => {
  await using server = await ParityServer.open();
  await server.openNamespace("ns");
  for (const name of ["n1", "n2"]) {
    await asAdmin(server, "POST /api/v1/nodes", { metadata: { name } });
  }
  const { metadata } = await asAdmin(server, "GET /api/v1/nodes/n1");
  const { uid } = metadata as { uid: string };
  const mine = { apiVersion: "v1", kind: "Node", name: "n1", uid, controller: true };
  const mirror = (owners: JsonObject[]): JsonObject => ({
    annotations: { "kubernetes.io/config.mirror": "x" },
    ownerReferences: owners,
  });
  await asAdmin(
    server,
    "POST /api/v1/namespaces/ns/pods",
    pod("mine", { serviceAccountName: "default" }),
  );
  await asAdmin(server, "POST /api/v1/namespaces/ns/pods", pod("other", { nodeName: "n2" }));
  const { metadata: bound } = await asAdmin(server, "GET /api/v1/namespaces/ns/pods/mine");
  const ref = { apiVersion: "v1", kind: "Pod", name: "mine", uid: (bound as { uid: string }).uid };
  const token = (spec: JsonObject) => ({
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec,
  });
  const csr = async (commonName: string) => ({
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: `csr-${commonName.replaceAll(":", "-")}` },
    spec: {
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["client auth"],
      request: btoa(
        await createSigningRequest(
          { commonName, organizations: ["system:nodes"] },
          [],
          await generateKeyPair(),
        ),
      ),
    },
  });
  const pods = "/api/v1/namespaces/ns/pods";
  const tokens = "/api/v1/namespaces/ns/serviceaccounts/default/token";
  const csrs = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  const cases: [string, string, JsonObject, number | RegExp][] = [
    ["a label of its own", "PATCH /api/v1/nodes/n1", { metadata: { labels: { a: "b" } } }, 200],
    [
      "a label that draws pods",
      "PATCH /api/v1/nodes/n1",
      { metadata: { labels: { "node-restriction.kubernetes.io/a": "b" } } },
      /^nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io\/a$/,
    ],
    [
      "its taints",
      "PATCH /api/v1/nodes/n1",
      { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } },
      /node "n1" is not allowed to modify taints$/,
    ],
    ["another node", "PATCH /api/v1/nodes/n2", { metadata: { labels: { a: "b" } } }, /n2/],
    ["a plain pod", `POST ${pods}`, pod("p"), /can only create mirror pods$/],
    [
      "a mirror pod of nobody",
      `POST ${pods}`,
      pod("p", {}, mirror([])),
      /can only create pods with an owner reference set to itself$/,
    ],
    [
      "a mirror pod of a node before it",
      `POST ${pods}`,
      pod("p", {}, mirror([{ ...mine, uid: "old" }])),
      /^pods "p" is forbidden: node n1 UID mismatch: expected old got /,
    ],
    [
      "a mirror pod that blocks it",
      `POST ${pods}`,
      pod("p", {}, mirror([{ ...mine, blockOwnerDeletion: true }])),
      /must not set blockOwnerDeletion on an owner reference$/,
    ],
    ["a mirror pod", `POST ${pods}`, pod("p", {}, mirror([mine])), 201],
    [
      "another node's pod",
      `PATCH ${pods}/other/status`,
      { status: { phase: "Running" } },
      /no relationship found between node 'n1' and this object/,
    ],
    ["its pod", `PATCH ${pods}/mine/status`, { status: { phase: "Running" } }, 200],
    ["a token for nobody", `POST ${tokens}`, token({}), /node requested token not bound to a pod$/],
    ["a token of its pod", `POST ${tokens}`, token({ boundObjectRef: ref }), 201],
    [
      "a token for others",
      `POST ${tokens}`,
      token({ boundObjectRef: ref, audiences: ["vault"] }),
      /audience "vault" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience$/,
    ],
    [
      "a token for many",
      `POST ${tokens}`,
      token({ boundObjectRef: ref, audiences: ["a", "b"] }),
      /node may only request 0 or 1 audiences$/,
    ],
    [
      "a certificate of another",
      `POST ${csrs}`,
      await csr("system:node:n2"),
      /can only create a node CSR with CN=system:node:n1$/,
    ],
    ["a certificate of its own", `POST ${csrs}`, await csr("system:node:n1"), 201],
    [
      "a lease elsewhere",
      "POST /apis/coordination.k8s.io/v1/namespaces/ns/leases",
      { metadata: { name: "n1" } },
      /can only access leases in the "kube-node-lease" system namespace/,
    ],
    [
      "a slice of another",
      "POST /apis/resource.k8s.io/v1/resourceslices",
      {
        metadata: { name: "s" },
        spec: {
          driver: "d.example",
          nodeName: "n2",
          pool: { name: "p", generation: 1, resourceSliceCount: 1 },
        },
      },
      /can only create ResourceSlice with the same NodeName as the requesting node$/,
    ],
  ];
  for (const [name, send, body, expected] of cases) {
    await test.step(name, async () => {
      const answer = await asNode(server, send, body);
      if (typeof expected === "number") assert.equal(answer, expected);
      else assert.match(String(answer), expected);
    });
  }
});
