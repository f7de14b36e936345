import assert from "node:assert/strict";
import { FakeClock, type JsonObject, seededRandom } from "../../base/mod.ts";
import type { KubeObject, TokenRequest } from "../../api/served.ts";
import { openPki } from "../../pki/mod.ts";
import { ServiceAccountTokens } from "../authn/mod.ts";
import { mastersAuthorizer, RBAC_GROUP, RbacAuthorizer, unionAuthorizer } from "../authz/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { UserInfo, VirtualHandler } from "../ports.ts";
import {
  accessReviews,
  authenticationReviews,
  openIdConfiguration,
  openIdKeys,
  TokenRequests,
} from "./mod.ts";

const ISSUER = "https://kubernetes.default.svc.cluster.local";
const JANE: UserInfo = { username: "jane", groups: ["devs"] };

async function setup() {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const { serviceAccountKeys: keys } = await openPki(undefined, { clock, random });
  const reader = new FakeObjects();
  reader.put("", "serviceaccounts", { metadata: { name: "sa", namespace: "ns" } });
  reader.put("", "nodes", { metadata: { name: "n" } });
  reader.put("", "pods", {
    metadata: { name: "p", namespace: "ns" },
    spec: { serviceAccountName: "sa", nodeName: "n" },
  } as KubeObject);
  reader.put(RBAC_GROUP, "clusterroles", {
    metadata: { name: "r" },
    rules: [
      { verbs: ["get"], apiGroups: [""], resources: ["pods"] },
      { verbs: ["get"], nonResourceURLs: ["/version"] },
    ],
  } as KubeObject);
  reader.put(RBAC_GROUP, "clusterrolebindings", {
    metadata: { name: "b" },
    roleRef: { kind: "ClusterRole", name: "r" },
    subjects: [{ kind: "Group", name: "devs" }],
  } as KubeObject);
  const rbac = new RbacAuthorizer();
  rbac.start(reader);
  const apiAudiences = ["api"];
  const tokens = new ServiceAccountTokens({ keys, issuers: [ISSUER], apiAudiences, reader, clock });
  const requests = new TokenRequests({ keys, issuer: ISSUER, apiAudiences, reader, clock, random });
  const handlers: VirtualHandler[] = [
    ...accessReviews(unionAuthorizer([mastersAuthorizer, rbac]), rbac),
    ...authenticationReviews(tokens, apiAudiences),
    requests,
  ];
  const post = async (resource: string, spec: JsonObject, user = JANE, name = "") => {
    const handler = handlers.find((one) => one.resource === resource);
    assert.ok(handler);
    const answered = await handler.create({
      object: { metadata: {}, spec } as KubeObject,
      namespace: "ns",
      name,
      user,
      dryRun: false,
    });
    return answered as KubeObject & { status: JsonObject; spec: JsonObject };
  };
  return { clock, keys, tokens, post, reader };
}

Deno.test("access reviews ask as the one they name", async (t) => {
  const { post } = await setup();
  const pods = { verb: "get", resource: "pods", namespace: "ns" };
  const cases: [string, JsonObject, boolean][] = [
    ["subjectaccessreviews", { user: "x", groups: ["devs"], resourceAttributes: pods }, true],
    ["subjectaccessreviews", { user: "jane", resourceAttributes: pods }, false],
    ["subjectaccessreviews", { groups: ["system:masters"], resourceAttributes: pods }, true],
    [
      "subjectaccessreviews",
      { groups: ["devs"], nonResourceAttributes: { verb: "get", path: "/version" } },
      true,
    ],
    ["localsubjectaccessreviews", { groups: ["devs"], resourceAttributes: pods }, true],
    ["selfsubjectaccessreviews", { resourceAttributes: pods }, true],
    ["selfsubjectaccessreviews", { resourceAttributes: { ...pods, subresource: "log" } }, false],
  ];
  for (const [resource, spec, allowed] of cases) {
    await t.step(`${resource} ${JSON.stringify(spec)}`, async () => {
      const { status } = await post(resource, spec);
      assert.equal(status["allowed"], allowed);
    });
  }
  const wrong: [string, JsonObject, RegExp][] = [
    ["subjectaccessreviews", { resourceAttributes: pods }, /at least one of user or group/],
    ["subjectaccessreviews", { user: "x" }, /exactly one of nonResourceAttributes or/],
    [
      "selfsubjectaccessreviews",
      { resourceAttributes: pods, nonResourceAttributes: { path: "/" } },
      /cannot be specified in combination/,
    ],
    [
      "localsubjectaccessreviews",
      { user: "x", resourceAttributes: { ...pods, namespace: "other" } },
      /must match metadata.namespace/,
    ],
  ];
  for (const [resource, spec, message] of wrong) {
    await t.step(`${resource} ${JSON.stringify(spec)}`, async () => {
      await assert.rejects(post(resource, spec), { code: 422, message });
    });
  }
});

Deno.test("selfsubjectrulesreviews lists what RBAC gives", async () => {
  const { post } = await setup();
  assert.deepEqual((await post("selfsubjectrulesreviews", { namespace: "ns" })).status, {
    resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }],
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/version"] }],
    incomplete: false,
  });
  const masters = { username: "x", groups: ["system:masters"] };
  const { status } = await post("selfsubjectrulesreviews", { namespace: "ns" }, masters);
  assert.deepEqual(status["nonResourceRules"], [{ verbs: ["*"], nonResourceURLs: ["*"] }]);
  await assert.rejects(post("selfsubjectrulesreviews", {}), { code: 400 });
});

Deno.test("selfsubjectreviews says who asks", async () => {
  const { post } = await setup();
  assert.deepEqual((await post("selfsubjectreviews", {})).status, {
    userInfo: { username: "jane", groups: ["devs"] },
  });
});

Deno.test("a token that was asked for is a good one, and tokenreviews knows it", async () => {
  const { post, tokens, clock } = await setup();
  const { status, spec } = await post(
    "serviceaccounts",
    {
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: "uid-of-p" },
    },
    JANE,
    "sa",
  );
  assert.deepEqual([spec["audiences"], spec["expirationSeconds"]], [["api"], 3600]);
  const expires = new Date(clock.now() + 3_600_000).toISOString().slice(0, 19) + "Z";
  assert.equal(status["expirationTimestamp"], expires);
  const token = String(status["token"]);
  assert.equal((await tokens.authenticateToken(token, ["api"]))?.user.uid, "uid-of-sa");
  const review = await post("tokenreviews", { token });
  const user = review.status["user"] as JsonObject;
  assert.equal(review.status["authenticated"], true);
  assert.deepEqual(review.status["audiences"], ["api"]);
  assert.deepEqual(user["groups"], [
    "system:serviceaccounts",
    "system:serviceaccounts:ns",
    "system:authenticated",
  ]);
  const extra = user["extra"] as JsonObject;
  assert.deepEqual(extra["authentication.kubernetes.io/node-uid"], ["uid-of-n"]);
  const other = await post("tokenreviews", { token, audiences: ["other"] });
  assert.equal(other.status["authenticated"], undefined);
  assert.match(String(other.status["error"]), /audiences/);
  await clock.advance(3_601_000);
  const late = await post("tokenreviews", { token });
  assert.deepEqual(late.status, { user: {}, error: "service account token has expired" });
});

Deno.test("the token of a pod's volume lives a year and says when it should have been renewed", async () => {
  const { post, clock, tokens } = await setup();
  const { status } = await post(
    "serviceaccounts",
    {
      expirationSeconds: 3607,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p" },
    },
    JANE,
    "sa",
  );
  await clock.advance(300 * 86_400_000);
  assert.ok(await tokens.authenticateToken(String(status["token"]), ["api"]));
  const short = await post("serviceaccounts", { expirationSeconds: 3607 }, JANE, "sa");
  await clock.advance(3_608_000);
  await assert.rejects(tokens.authenticateToken(String(short.status["token"]), ["api"]), {
    code: 401,
  });
});

Deno.test("token requests are refused in upstream's words", async (t) => {
  const { post, reader } = await setup();
  reader.put("", "serviceaccounts", { metadata: { name: "other", namespace: "ns" } });
  const ref = (change: JsonObject) => ({
    boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", ...change },
  });
  const cases: [string, string, NonNullable<TokenRequest["spec"]>, number, RegExp][] = [
    ["no account", "none", {}, 404, /^serviceaccounts "none" not found$/],
    [
      "too short",
      "sa",
      { expirationSeconds: 60 },
      422,
      /spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes/,
    ],
    ["too long", "sa", { expirationSeconds: 2 ** 33 }, 422, /larger than 2\^32 seconds/],
    ["no pod", "sa", ref({ name: "none" }), 404, /^pods "none" not found$/],
    ["another pod", "sa", ref({ uid: "old" }), 409, /UID in the bound object reference \(old\)/],
    ["another account's pod", "other", ref({}), 400, /different serviceaccount name/],
    ["another kind", "sa", ref({ kind: "ConfigMap" }), 400, /cannot bind token to object of type/],
  ];
  for (const [name, account, spec, code, message] of cases) {
    await t.step(name, async () => {
      const asked = post("serviceaccounts", spec as JsonObject, JANE, account);
      await assert.rejects(asked, { code, message });
    });
  }
});

Deno.test("the discovery documents name the keys that verify tokens", async () => {
  const { keys } = await setup();
  assert.deepEqual(openIdConfiguration(ISSUER, "https://x/openid/v1/jwks", keys), {
    issuer: ISSUER,
    jwks_uri: "https://x/openid/v1/jwks",
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  });
  const [key] = openIdKeys(keys).keys;
  assert.equal(key?.["kid"], keys.signing.keyId);
  assert.equal(key?.["d"], undefined);
});
