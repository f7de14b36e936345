import assert from "node:assert/strict";
import { FakeClock, type JsonObject } from "../../base/mod.ts";
import type { AuthorizationAttributes, Authorizer } from "../ports.ts";
import { abacAuthorizer } from "./abac.ts";
import { AuthorizationChain, authorizationModes, readAuthorizationConfiguration } from "./mod.ts";
import { MatchCondition } from "./match_condition.ts";
import { WebhookAuthorizer, type WebhookAuthorizerOptions } from "./webhook.ts";

const ASKED: AuthorizationAttributes = {
  user: { username: "jane", groups: ["devs"], extra: { k: ["v"] } },
  verb: "list",
  isResourceRequest: true,
  group: "apps",
  version: "v1",
  resource: "deployments",
  subresource: "",
  namespace: "ns",
  name: "",
  path: "/apis/apps/v1/namespaces/ns/deployments",
};
const PATH: AuthorizationAttributes = {
  ...ASKED,
  verb: "get",
  isResourceRequest: false,
  path: "/metrics",
};

function webhook(
  answer: (spec: JsonObject) => JsonObject | Error | number,
  more: Partial<WebhookAuthorizerOptions> = {},
) {
  const clock = new FakeClock();
  const asked: JsonObject[] = [];
  const authorizer = new WebhookAuthorizer({
    endpoint: {
      url: "https://hook/",
      async fetch(request) {
        const review = await request.json();
        asked.push(review);
        const status = answer(review.spec);
        if (status instanceof Error) throw status;
        return typeof status === "number"
          ? new Response("", { status })
          : Response.json({ status });
      },
    },
    version: "v1",
    allowedMilliseconds: 10_000,
    otherMilliseconds: 1000,
    timeoutMilliseconds: 3000,
    onFailure: "NoOpinion",
    conditions: [],
    clock,
    ...more,
  });
  return { asked, authorizer, clock };
}

Deno.test("a webhook is asked by a SubjectAccessReview", async () => {
  const { asked, authorizer } = webhook(() => ({ allowed: true, reason: "why not" }));
  const selecting = {
    ...ASKED,
    fieldSelector: [{ field: "spec.nodeName", operator: "=" as const, value: "n" }],
    labelSelector: "a=b,c in (d,e),!f",
  };
  assert.deepEqual(await authorizer.authorize(selecting), { allowed: true, reason: "why not" });
  await authorizer.authorize(PATH);
  const who = { user: "jane", groups: ["devs"], extra: { k: ["v"] } };
  assert.deepEqual(asked.map(({ spec }) => spec), [
    {
      resourceAttributes: {
        namespace: "ns",
        verb: "list",
        group: "apps",
        version: "v1",
        resource: "deployments",
        fieldSelector: { requirements: [{ key: "spec.nodeName", operator: "In", values: ["n"] }] },
        labelSelector: {
          requirements: [
            { key: "a", operator: "In", values: ["b"] },
            { key: "c", operator: "In", values: ["d", "e"] },
            { key: "f", operator: "DoesNotExist" },
          ],
        },
      },
      ...who,
    },
    { nonResourceAttributes: { path: "/metrics", verb: "get" }, ...who },
  ]);
});

Deno.test("a webhook allows, denies, or has no opinion", async () => {
  const cases: [JsonObject | number, object][] = [
    [{ allowed: true }, { allowed: true, reason: "" }],
    [{ allowed: false, denied: true, reason: "no" }, {
      allowed: false,
      denied: true,
      reason: "no",
    }],
    [{ allowed: false, reason: "maybe" }, { allowed: false, reason: "maybe" }],
    [{}, { allowed: false, reason: "" }],
    [{ allowed: true, denied: true }, {
      allowed: false,
      reason: "webhook subject access review returned both allow and deny response",
    }],
  ];
  for (const [status, expected] of cases) {
    const { authorizer } = webhook(() => status);
    assert.deepEqual(await authorizer.authorize(ASKED), expected);
  }
  const failing = webhook(() => 400, { onFailure: "Deny" });
  const { denied, reason } = await failing.authorizer.authorize(ASKED);
  assert.equal(denied, true);
  assert.match(reason, /answered 400/);
});

Deno.test("answers are remembered, the good ones longer", async () => {
  let allowed = true;
  const { asked, authorizer, clock } = webhook(() => ({ allowed }));
  await authorizer.authorize(ASKED);
  await authorizer.authorize(ASKED);
  assert.equal(asked.length, 1);
  await clock.advance(11_000);
  allowed = false;
  await authorizer.authorize(ASKED);
  await authorizer.authorize(ASKED);
  assert.equal(asked.length, 2);
  await clock.advance(1500);
  await authorizer.authorize(ASKED);
  assert.equal(asked.length, 3);
  const never = webhook(() => ({ allowed: true }), { allowedMilliseconds: 0 });
  await never.authorizer.authorize(ASKED);
  await never.authorizer.authorize(ASKED);
  assert.equal(never.asked.length, 2);
});

Deno.test("conditions say when a webhook is asked", async () => {
  const cases: [string[], AuthorizationAttributes, "asked" | "skipped" | "failed"][] = [
    [["has(request.resourceAttributes)"], ASKED, "asked"],
    [["has(request.resourceAttributes)"], PATH, "skipped"],
    [["request.resourceAttributes.namespace == 'ns'", "request.user == 'jane'"], ASKED, "asked"],
    [["!('devs' in request.groups)"], ASKED, "skipped"],
    [["request.resourceAttributes.subresource == ''"], ASKED, "asked"],
    [["request.resourceAttributes.namespace == 'ns'"], PATH, "failed"],
    [["request.resourceAttributes.namespace == 'ns'", "false"], PATH, "skipped"],
    [["request.nonResourceAttributes.path.startsWith('/m')"], PATH, "asked"],
  ];
  for (const [texts, attributes, expected] of cases) {
    const conditions = texts.map((text) => new MatchCondition(text, "c"));
    const { asked, authorizer } = webhook(() => ({ allowed: true }), {
      conditions,
      onFailure: "Deny",
    });
    const { denied } = await authorizer.authorize(attributes);
    const found = asked.length > 0 ? "asked" : denied === true ? "failed" : "skipped";
    assert.equal(found, expected, texts.join());
  }
});

const POLICY = "abac.authorization.kubernetes.io/v1beta1";
const line = (spec: JsonObject) => JSON.stringify({ apiVersion: POLICY, kind: "Policy", spec });

Deno.test("ABAC allows what a line of its file says", async () => {
  const everything = { namespace: "*", resource: "*", apiGroup: "*" };
  const cases: [JsonObject, AuthorizationAttributes, boolean][] = [
    [{ user: "jane", ...everything }, ASKED, true],
    [{ user: "jane", ...everything }, PATH, false],
    [{ user: "john", ...everything }, ASKED, false],
    [{ group: "devs", ...everything }, ASKED, true],
    [{ user: "jane", group: "ops", ...everything }, ASKED, false],
    [{ user: "*", ...everything, namespace: "other" }, ASKED, false],
    [{ user: "jane", ...everything, readonly: true }, ASKED, true],
    [{ user: "jane", ...everything, readonly: true }, { ...ASKED, verb: "delete" }, false],
    [{ user: "jane", nonResourcePath: "/met*" }, PATH, true],
    [{ ...everything }, ASKED, false],
  ];
  for (const [spec, attributes, allowed] of cases) {
    const decision = await abacAuthorizer(`# who may\n\n${line(spec)}\n`, "f").authorize(
      attributes,
    );
    assert.equal(decision.allowed, allowed, JSON.stringify(spec));
  }
  for (const wrong of ["x", "{}", JSON.stringify({ kind: "Policy" })]) {
    assert.throws(() => abacAuthorizer(wrong, "f"), {
      name: "ConfigurationError",
      message: /^f:1: /,
    });
  }
});

Deno.test("a chain asks as it is configured, and may change", async () => {
  const saying = (allowed: boolean, reason: string): Authorizer => ({
    authorize: () => ({ allowed, reason }),
  });
  const chain = new AuthorizationChain({
    node: saying(false, "node"),
    rbac: saying(false, "rbac"),
    first: [],
    clock: new FakeClock(),
  });
  assert.deepEqual(await chain.authorize(ASKED), { allowed: false, reason: "node\nrbac" });
  const configure = (...types: ("RBAC" | "AlwaysAllow" | "AlwaysDeny")[]) =>
    chain.configure({ authorizers: types.map((type) => ({ type })), endpoints: new Map() });
  configure("RBAC", "AlwaysAllow");
  assert.deepEqual(await chain.authorize(ASKED), { allowed: true, reason: "" });
  configure("AlwaysDeny");
  assert.deepEqual(await chain.authorize(ASKED), {
    allowed: false,
    reason: "Everything is forbidden.",
  });
  const master = { ...ASKED, user: { username: "m", groups: ["system:masters"] } };
  assert.equal((await chain.authorize(master)).allowed, true);
});

Deno.test("chains are read, and refused where they are wrong", () => {
  const read = (authorizers: string) =>
    readAuthorizationConfiguration(
      `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: ${authorizers}\n`,
    );
  const hook = (more = "", timeout = "3s") =>
    `{type: Webhook, name: hook, webhook: {timeout: ${timeout}, subjectAccessReviewVersion: v1, failurePolicy: Deny, ` +
    `connectionInfo: {type: KubeConfigFile, kubeConfigFile: /k}${more}}}`;
  const [first, second] = read(
    `[${
      hook(", matchConditions: [{expression: 'true'}], authorizedTTL: 1m")
    }, {type: RBAC, name: rbac}]`,
  );
  assert.ok(first?.type === "Webhook");
  const { allowedMilliseconds, otherMilliseconds, timeoutMilliseconds, onFailure, conditions } =
    first.webhook;
  assert.deepEqual(
    { allowedMilliseconds, otherMilliseconds, timeoutMilliseconds, onFailure },
    {
      allowedMilliseconds: 60_000,
      otherMilliseconds: 30_000,
      timeoutMilliseconds: 3000,
      onFailure: "Deny",
    },
  );
  assert.equal(conditions.length, 1);
  assert.deepEqual(second, { type: "RBAC" });
  const cases: [string, RegExp][] = [
    ["[]", /at least one authorization mode/],
    ["[{type: Other, name: a}]", /Unsupported value: "Other"/],
    ["[{type: ABAC, name: a}]", /Unsupported value: "ABAC"/],
    ["[{type: RBAC, name: a}, {type: RBAC, name: b}]", /authorizers\[1\].type: Duplicate value/],
    ["[{type: RBAC, name: a}, {type: Node, name: a}]", /authorizers\[1\].name: Duplicate value/],
    [
      `[${hook().replace("KubeConfigFile", "InClusterConfig")}]`,
      /kubeConfigFile: Invalid value: "\/k": can only be set when type=KubeConfigFile/,
    ],
    [
      `[${hook().replace("KubeConfigFile, kubeConfigFile: /k", "InClusterConfig")}]`,
      /connectionInfo.type: Forbidden: InClusterConfig is not allowed for kube-apiserver/,
    ],
    [`[${hook().replace("/k", "''")}]`, /connectionInfo.kubeConfigFile: Required value/],
    ["[{type: Webhook, name: a}]", /required when type=Webhook/],
    [`[${hook("", "31s")}]`, /must be > 0s and <= 30s/],
    [`[${hook(", matchConditions: [{expression: '1'}]")}]`, /must evaluate to bool/],
    [
      `[${hook(", matchConditions: [{expression: 'request.nobody'}]")}]`,
      /undefined field 'nobody'/,
    ],
  ];
  for (const [written, message] of cases) {
    assert.throws(() => read(written), { name: "ConfigurationError", message });
  }
  assert.deepEqual(authorizationModes(["Node", "RBAC"], {}), [{ type: "Node" }, { type: "RBAC" }]);
  for (const wrong of [["Nobody"], ["RBAC", "RBAC"], ["ABAC"], ["Webhook"]]) {
    assert.throws(() => authorizationModes(wrong, {}), { name: "ConfigurationError" });
  }
});
