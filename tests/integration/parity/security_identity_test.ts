/** Identities that somebody only claims to have, and rights that somebody only wants to have. */
import assert from "node:assert/strict";
import { FakeClock, type JsonObject, seededRandom } from "../../../components/base/mod.ts";
import {
  CertificateAuthority,
  createSigningRequest,
  decodePem,
  generateKeyPair,
  openPki,
} from "../../../components/pki/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";
import { asAdmin, type Outsider, sendAs, whoIs } from "./security_peer.ts";

const RBAC = "rbac.authorization.k8s.io";

async function certificateOf(
  authority: CertificateAuthority,
  name: string,
  { groups = [] as string[], lifetimeMilliseconds = 86_400_000 } = {},
) {
  const { publicKey } = await generateKeyPair();
  const pem = await authority.sign(
    { subject: { commonName: name, organizations: groups }, usages: ["client"] },
    publicKey,
    lifetimeMilliseconds,
  );
  return decodePem(pem)[0]!.bytes;
}

Deno.test("security: certificates are of our authority, and end", async () => {
  await using server = await ParityServer.open();
  const { authority, frontProxyAuthority } = server.pki;
  const certificate = await certificateOf(authority, "jane", { lifetimeMilliseconds: 60_000 });
  assert.equal(await whoIs(server, { certificate }), "jane");
  const other = await openPki(undefined, { clock: server.clock, random: server.random });
  const strangers = [
    await certificateOf(other.authority, "system:admin", { groups: ["system:masters"] }),
    await certificateOf(frontProxyAuthority, "system:admin", { groups: ["system:masters"] }),
    new Uint8Array([0x30, 0x03, 1]),
  ];
  for (const stranger of strangers) {
    assert.equal(await whoIs(server, { certificate: stranger }), 401);
  }
  await server.clock.advance(61_000);
  assert.equal(await whoIs(server, { certificate }), 401);
});

Deno.test("security: front proxies of another authority speak by their own headers", async () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const other = await openPki(undefined, { clock, random: seededRandom(9) });
  const authority = other.authority.certificate;
  await using server = await ParityServer.open({}, {
    more: {
      authentication: {
        frontProxies: {
          authority,
          allowedNames: ["edge"],
          usernameHeaders: ["X-Login"],
          uidHeaders: ["X-Id"],
          groupHeaders: ["X-Team"],
          extraPrefixes: ["X-More-"],
        },
      },
    },
  });
  const edge = await certificateOf(other.authority, "edge");
  const ours = await certificateOf(server.pki.frontProxyAuthority, "front-proxy-client");
  const headers = { "x-login": "jane", "x-remote-user": "john" };
  assert.equal(await whoIs(server, { certificate: edge, headers }), "jane");
  assert.equal(await whoIs(server, { certificate: ours, headers }), 401);
  const told = await asAdmin(
    server,
    "GET /api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
  );
  assert.deepEqual(told["data"], {
    "client-ca-file": server.pki.authority.certificate,
    "requestheader-allowed-names": '["edge"]',
    "requestheader-client-ca-file": authority,
    "requestheader-extra-headers-prefix": '["X-More-"]',
    "requestheader-group-headers": '["X-Team"]',
    "requestheader-uid-headers": '["X-Id"]',
    "requestheader-username-headers": '["X-Login"]',
  });
});

Deno.test("security: headers make nobody", async () => {
  await using server = await ParityServer.open();
  const jane = await certificateOf(server.pki.authority, "jane");
  const smuggled = {
    "x-remote-user": "system:admin",
    "x-remote-group": "system:masters",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-client-cert": 'Subject="CN=system:admin"',
  };
  const get = async (outsider: Outsider) =>
    (await sendAs(server, outsider, "GET /api/v1/namespaces/kube-system/secrets")).code;
  assert.equal(await whoIs(server, { certificate: jane, headers: smuggled }), "jane");
  assert.equal(await get({ certificate: jane, headers: smuggled }), 403);
  assert.equal(await get({ headers: smuggled }), 403);
  const proxy = await certificateOf(server.pki.frontProxyAuthority, "front-proxy-client");
  assert.equal(await get({ certificate: proxy, headers: smuggled }), 200);
  const unnamed = await certificateOf(server.pki.frontProxyAuthority, "other-proxy");
  assert.equal(await get({ certificate: unnamed, headers: smuggled }), 401);
});

Deno.test("security: nobody acts as another without the right to", async () => {
  await using server = await ParityServer.open();
  const certificate = await certificateOf(server.pki.authority, "jane");
  const asOther = (headers: Record<string, string>) =>
    sendAs(server, { certificate, headers }, "GET /api/v1/nodes");
  const cases: [Record<string, string>, number][] = [
    [{ "impersonate-user": "system:admin" }, 403],
    [{ "impersonate-user": "jane", "impersonate-group": "system:masters" }, 403],
    [{ "impersonate-user": "system:node:a" }, 403],
    [{ "impersonate-user": "system:serviceaccount:kube-system:default" }, 403],
    [{ "impersonate-group": "system:masters" }, 400],
    [{ "impersonate-extra-scopes": "all" }, 400],
    [{ "impersonate-uid": "1" }, 400],
  ];
  for (const [headers, code] of cases) {
    assert.equal((await asOther(headers)).code, code, JSON.stringify(headers));
  }
});

Deno.test("security: nobody gets more by asking for a certificate", async () => {
  await using server = await ParityServer.open();
  const certificate = await certificateOf(server.pki.authority, "jane");
  await asAdmin(server, `POST /apis/${RBAC}/v1/clusterroles`, {
    metadata: { name: "asks" },
    rules: [{
      apiGroups: ["certificates.k8s.io"],
      resources: ["certificatesigningrequests", "certificatesigningrequests/approval"],
      verbs: ["create", "get", "update", "patch"],
    }],
  });
  await asAdmin(server, `POST /apis/${RBAC}/v1/clusterrolebindings`, {
    metadata: { name: "asks" },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "asks" },
    subjects: [{ apiGroup: RBAC, kind: "User", name: "jane" }],
  });
  const ask = async (name: string, organizations: string[], more: JsonObject = {}) => {
    const pem = await createSigningRequest(
      { commonName: "system:admin", organizations },
      [],
      await generateKeyPair(),
    );
    return sendAs(
      server,
      { certificate },
      "POST /apis/certificates.k8s.io/v1/certificatesigningrequests",
      {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name },
        spec: {
          request: btoa(pem),
          signerName: "kubernetes.io/kube-apiserver-client",
          usages: ["client auth"],
          ...more,
        },
      },
    );
  };
  const masters = await ask("masters", ["system:masters"]);
  assert.equal(masters.code, 403);
  assert.match(String(masters.body["message"]), /system:masters group is not allowed/);
  const posing = await ask("posing", [], { username: "system:admin", groups: ["system:masters"] });
  assert.equal(posing.code, 201);
  const spec = posing.body["spec"] as JsonObject;
  assert.deepEqual([spec["username"], spec["groups"]], ["jane", ["system:authenticated"]]);
  const approval = await sendAs(
    server,
    { certificate },
    "PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/posing/approval",
    {
      ...posing.body,
      status: { conditions: [{ type: "Approved", status: "True", reason: "me" }] },
    },
  );
  assert.equal(approval.code, 403);
  assert.match(
    String(approval.body["message"]),
    /user not permitted to approve requests with signerName "kubernetes.io\/kube-apiserver-client"/,
  );
});

const WRITER = [
  {
    send: `POST /apis/${RBAC}/v1/clusterroles`,
    body: {
      metadata: { name: "$ns-writer" },
      rules: [{
        apiGroups: [RBAC],
        resources: ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
        verbs: ["create", "update", "patch", "get"],
      }],
    },
    code: 201,
  },
  {
    send: `POST /apis/${RBAC}/v1/clusterrolebindings`,
    body: {
      metadata: { name: "$ns-writer" },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "$ns-writer" },
      subjects: [{ apiGroup: RBAC, kind: "User", name: "mallory" }],
    },
    code: 201,
  },
];

const ESCALATION: Cases = {
  "a role with more than its writer has": [...WRITER, {
    send: `POST /apis/${RBAC}/v1/namespaces/$ns/roles`,
    user: "mallory",
    body: {
      metadata: { name: "r" },
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
    },
    code: 403,
    message:
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "mallory" (groups=["system:authenticated"]) is ' +
      "attempting to grant RBAC permissions not currently held:\n" +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
  }],
  "a binding to everything": [...WRITER, {
    send: `POST /apis/${RBAC}/v1/clusterrolebindings`,
    user: "mallory",
    body: {
      metadata: { name: "b" },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: RBAC, kind: "User", name: "mallory" }],
    },
    code: 403,
    reason: "Forbidden",
  }],
  "a role made of others": [...WRITER, {
    send: `POST /apis/${RBAC}/v1/clusterroles`,
    user: "mallory",
    body: {
      metadata: { name: "all" },
      aggregationRule: { clusterRoleSelectors: [{}] },
    },
    code: 403,
    message:
      'clusterroles.rbac.authorization.k8s.io "all" is forbidden: must have cluster-admin privileges to use an ' +
      "aggregationRule",
  }],
  "one's own role, grown": [...WRITER, {
    send: `PATCH /apis/${RBAC}/v1/clusterroles/$ns-writer`,
    type: "json",
    user: "mallory",
    body: [{
      op: "add",
      path: "/rules/-",
      value: { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    }],
    code: 403,
    reason: "Forbidden",
  }],
  "what one has may be given on": [...WRITER, {
    send: `POST /apis/${RBAC}/v1/namespaces/$ns/roles`,
    user: "mallory",
    body: {
      metadata: { name: "r" },
      rules: [{ apiGroups: [RBAC], resources: ["roles"], verbs: ["get"] }],
    },
    code: 201,
  }],
};

testCases("security: rights are not made from nothing", ESCALATION);
