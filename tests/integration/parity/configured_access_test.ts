/** Servers that are told by configuration who is known, who decides, and what is let in. */
import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import {
  type ApiServerOptions,
  readAdmissionConfiguration,
  readAuthenticationConfiguration,
  readAuthorizationConfiguration,
} from "../../../components/apiserver/mod.ts";
import { ParityServer } from "./parity_server.ts";
import { asAdmin, sendAs, whoIs } from "./security_peer.ts";

const ISSUER = "https://issuer.example";
const KIND = "apiVersion: apiserver.config.k8s.io/v1\nkind: ";

const open = (more: Partial<ApiServerOptions>) => ParityServer.open({}, { more });

const authentication = (text: string) => readAuthenticationConfiguration(KIND + text, []);

Deno.test("configured: users of an issuer, and paths for everybody", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const documents: Record<string, unknown> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
    [`${ISSUER}/jwks`]: { keys: [{ ...await exportJWK(publicKey), kid: "k", alg: "ES256" }] },
  };
  await using server = await open({
    outbound: () => (request) => Promise.resolve(Response.json(documents[request.url])),
    authentication: {
      configuration: authentication(`AuthenticationConfiguration
jwt:
- issuer: {url: ${ISSUER}, audiences: [coracle]}
  claimMappings:
    username: {expression: "'oidc:' + claims.sub"}
    groups: {claim: roles, prefix: "oidc:"}
  userValidationRules:
  - {expression: "user.username != 'oidc:root'", message: nobody is root}
anonymous: {enabled: true, conditions: [{path: /livez}]}
`),
    },
  });
  const sign = (sub: string) =>
    new SignJWT({ iss: ISSUER, aud: "coracle", sub, roles: ["dev"] })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .setExpirationTime(server.clock.now() / 1000 + 600).sign(privateKey);
  const token = await sign("jane");
  assert.equal(await whoIs(server, { token }), "oidc:jane");
  assert.equal(await whoIs(server, { token: await sign("root") }), 401);
  assert.equal((await sendAs(server, {}, "GET /livez")).code, 200);
  assert.equal((await sendAs(server, {}, "GET /version")).code, 401);
  await asAdmin(server, "POST /apis/rbac.authorization.k8s.io/v1/clusterroles", {
    metadata: { name: "devs" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
  });
  await asAdmin(server, "POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    metadata: { name: "devs" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "devs" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "oidc:dev" }],
  });
  assert.equal((await sendAs(server, { token }, "GET /api/v1/configmaps")).code, 200);
  assert.equal((await sendAs(server, { token }, "GET /api/v1/secrets")).code, 403);
  server.server.reconfigureAuthentication(authentication("AuthenticationConfiguration\n"));
  assert.equal(await whoIs(server, { token }), 401);
  assert.equal((await sendAs(server, {}, "GET /version")).code, 200);
});

Deno.test("configured: a webhook decides before RBAC", async () => {
  const kubeconfig = "/hook";
  const authorizers = readAuthorizationConfiguration(`${KIND}AuthorizationConfiguration
authorizers:
- type: Webhook
  name: hook
  webhook:
    timeout: 3s
    subjectAccessReviewVersion: v1
    matchConditionSubjectAccessReviewVersion: v1
    failurePolicy: Deny
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: ${kubeconfig}}
    matchConditions:
    - expression: request.user == 'jane' && has(request.resourceAttributes)
- {type: RBAC, name: rbac}
`);
  let status: object = { allowed: false, denied: true, reason: "not today" };
  const fetch = () => Promise.resolve(Response.json({ status }));
  await using server = await open({
    authorization: {
      authorizers,
      endpoints: new Map([[kubeconfig, { url: "https://h/", fetch }]]),
    },
  });
  const get = async (user: string, path: string) => {
    const response = await server.send("GET", path, {}, undefined, user);
    return [response.status, (await response.json())["message"]];
  };
  assert.deepEqual(await get("jane", "/api/v1/nodes"), [
    403,
    'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope: not today',
  ]);
  status = { allowed: true };
  assert.equal((await get("jane", "/api/v1/pods"))[0], 200);
  assert.equal((await get("john", "/api/v1/pods"))[0], 403);
  assert.equal((await get("jane", "/version"))[0], 200);
  server.server.reconfigureAuthorization({
    authorizers: [{ type: "AlwaysDeny" }],
    endpoints: new Map(),
  });
  assert.deepEqual(await get("jane", "/version"), [
    403,
    'forbidden: User "jane" cannot get path "/version": Everything is forbidden.',
  ]);
});

Deno.test("configured: plugins, and what they are told", async () => {
  const plugins = await readAdmissionConfiguration(
    `${KIND}AdmissionConfiguration
plugins:
- name: PodSecurity
  path: pod-security.yaml
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources:
    - resource: pods
      matchScopes:
      - {scopeName: PriorityClass, operator: In, values: [system-node-critical]}
`,
    (path) =>
      Promise.resolve(
        path === "pod-security.yaml"
          ? `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: baseline, enforce-version: v1.30}
exemptions: {namespaces: [exempt]}
`
          : "",
      ),
  );
  await using server = await open({
    admission: { enable: ["AlwaysPullImages"], disable: ["DefaultTolerationSeconds"], plugins },
  });
  for (const namespace of ["ns", "exempt"]) await server.openNamespace(namespace);
  const create = async (namespace: string, name: string, spec: object) => {
    const response = await server.send(
      "POST",
      `/api/v1/namespaces/${namespace}/pods`,
      { "content-type": "application/json" },
      { metadata: { name }, spec: { containers: [{ name: "c", image: "i:1" }], ...spec } },
      undefined,
    );
    return { code: response.status, body: await response.json() };
  };
  const plain = await create("ns", "a", {});
  assert.equal(plain.code, 201);
  assert.equal(plain.body.spec.containers[0].imagePullPolicy, "Always");
  assert.equal(plain.body.spec.tolerations, undefined);
  const shared = await create("ns", "b", { hostPID: true });
  assert.equal(
    shared.body.message,
    'pods "b" is forbidden: violates PodSecurity "baseline:v1.30": host namespaces (hostPID=true)',
  );
  assert.equal((await create("exempt", "b", { hostPID: true })).code, 201);
  const critical = await create("ns", "c", { priorityClassName: "system-node-critical" });
  assert.equal(
    critical.body.message,
    'pods "c" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [system-node-critical]}]',
  );
});
