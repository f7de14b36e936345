/** Admission webhooks, as a client of the API sees what they do. */
import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import { created, object, thing, things } from "./crd_definitions.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";
import {
  ADMISSION,
  CONFIGMAPS,
  configuration,
  gone,
  openWebhook,
  ruleFor,
} from "./webhook_steps.ts";

const config = (name: string, rest: Partial<Step> = {}): Step => ({
  send: "POST configmaps",
  body: { metadata: { name }, data: { k: "v" } },
  code: 201,
  ...rest,
});
const CREATE_OPTIONS = { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" };
const CONFIGMAP_KIND = { group: "", version: "v1", kind: "ConfigMap" };
const CONFIGMAP_RESOURCE = { group: "", version: "v1", resource: "configmaps" };
/** What a webhook that shows what it is asked refuses with: what is given stands in the place of what is usual. */
const shows = (given: JsonObject): string =>
  `admission webhook "a.hook.test" denied the request: ${
    JSON.stringify({
      kind: CONFIGMAP_KIND,
      resource: CONFIGMAP_RESOURCE,
      requestKind: CONFIGMAP_KIND,
      requestResource: CONFIGMAP_RESOURCE,
      name: "a",
      namespace: "$ns",
      operation: "CREATE",
      dryRun: true,
      options: { ...CREATE_OPTIONS, dryRun: ["All"] },
      user: "admin",
      uid: "string",
      object: "a",
      oldObject: null,
      ...given,
    })
  }`;
const CALLING = 'Internal error occurred: failed calling webhook "a.hook.test": ';

const refusals: Cases = Object.fromEntries(
  ([
    ["/deny", 418, 'admission webhook "a.hook.test" denied the request: no', "Teapot"],
    ["/deny-reason", 400, 'admission webhook "a.hook.test" denied the request: Because', "Because"],
    [
      "/deny-silently",
      400,
      'admission webhook "a.hook.test" denied the request without explanation',
    ],
    [
      "/broken",
      500,
      `${CALLING}failed to call webhook: an error on the server ("it broke") has prevented the request from succeeding`,
    ],
    [
      "/absent",
      500,
      `${CALLING}received invalid webhook response: webhook response was absent`,
    ],
    [
      "/patch-without-type",
      500,
      `${CALLING}received invalid webhook response: validating webhook may not return response.patch`,
    ],
  ] as const).map(([path, code, message, reason]) => [
    `validating ${path}`,
    [
      configuration("validating", "v", [{ path }]),
      config("a", {
        code,
        message,
        reason: reason ?? (code === 500 ? "InternalError" : undefined),
        eventually: true,
      } as Partial<Step>),
      gone("validating", "v"),
      config("b", { eventually: true }),
    ],
  ]),
);

const CASES: Cases = {
  ...refusals,
  "a webhook that fails and may": [
    configuration("validating", "v", [{ path: "/broken", failurePolicy: "Ignore" }]),
    config("a"),
    gone("validating", "v"),
  ],
  "every field of a review": [
    configuration("validating", "v", [{ path: "/show" }]),
    config("a", {
      send: "POST configmaps?fieldManager=m&dryRun=All",
      code: 400,
      eventually: true,
      message: shows({ options: { ...CREATE_OPTIONS, fieldManager: "m", dryRun: ["All"] } }),
    }),
    gone("validating", "v"),
  ],
  "DELETE shows what goes, one by one": [
    config("a"),
    configuration("validating", "v", [{ path: "/show" }]),
    {
      send: "DELETE configmaps/a",
      body: { gracePeriodSeconds: 3 },
      code: 400,
      eventually: true,
      message: shows({
        operation: "DELETE",
        dryRun: false,
        options: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", gracePeriodSeconds: 3 },
        object: null,
        oldObject: "a",
      }),
    },
    { send: "DELETE configmaps", code: 400 },
    { send: "GET configmaps/a", code: 200 },
    gone("validating", "v"),
  ],
  "warnings": [
    configuration("validating", "v", [{ path: "/warn" }]),
    config("a", { send: "POST configmaps?dryRun=All", warns: ["take care"], eventually: true }),
    gone("validating", "v"),
  ],
  "side effects and dry runs": [
    configuration("validating", "v", [{ path: "/deny", sideEffects: "NoneOnDryRun" }]),
    config("a", { send: "POST configmaps?dryRun=All", code: 418, eventually: true }),
    gone("validating", "v"),
  ],
  "selectors of objects look at what was and what is to be": [
    config("a", { body: { metadata: { name: "a", labels: { watched: "yes" } } } }),
    configuration("validating", "v", [{
      path: "/deny",
      objectSelector: { matchLabels: { watched: "yes" } },
    }]),
    config("b", {
      body: { metadata: { name: "b", labels: { watched: "yes" } } },
      code: 418,
      eventually: true,
    }),
    config("c"),
    { send: "PUT configmaps/a", body: { metadata: { name: "a" } }, code: 418 },
    gone("validating", "v"),
  ],
  "conditions": [
    configuration("validating", "v", [{
      path: "/deny",
      matchConditions: [
        { name: "named", expression: "object.metadata.name.startsWith('x')" },
        { name: "user", expression: "request.userInfo.username == 'admin'" },
      ],
    }]),
    config("x", { code: 418, eventually: true }),
    config("y"),
    gone("validating", "v"),
    configuration("validating", "w", [{
      path: "/deny",
      matchConditions: [{ name: "wrong", expression: "object.nothing.here == 1" }],
    }]),
    config("z", {
      code: 403,
      eventually: true,
      message:
        "configmaps \"z\" is forbidden: expression 'object.nothing.here == 1' resulted in error: no such key: nothing",
    }),
    gone("validating", "w"),
  ],
  "the version that a rule names": [
    configuration("validating", "v", [{
      path: "/show",
      rules: [ruleFor("horizontalpodautoscalers", ["CREATE"], "autoscaling")],
    }]),
    {
      send: "POST /apis/autoscaling/v2/namespaces/$ns/horizontalpodautoscalers?dryRun=All",
      body: {
        metadata: { name: "h" },
        spec: { maxReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "d" } },
      },
      code: 400,
      eventually: true,
      message: shows({
        kind: { group: "autoscaling", version: "v1", kind: "HorizontalPodAutoscaler" },
        resource: { group: "autoscaling", version: "v1", resource: "horizontalpodautoscalers" },
        requestKind: { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler" },
        requestResource: {
          group: "autoscaling",
          version: "v2",
          resource: "horizontalpodautoscalers",
        },
        name: "h",
        object: "h",
      }),
    },
    gone("validating", "v"),
  ],
  "mutating": [
    configuration("mutating", "m", [{ path: "/label" }]),
    config("a", {
      send: "POST configmaps?dryRun=All",
      has: { metadata: { labels: { hooked: "yes" } }, data: { k: "v" } },
      eventually: true,
    }),
    {
      send: "POST configmaps",
      body: { metadata: { generateName: "made-" } },
      code: 201,
      has: { metadata: { labels: { hooked: "yes" }, namespace: "$ns" } },
      keep: {
        name: "metadata.name",
        uid: "metadata.uid",
        since: "metadata.creationTimestamp",
        rv: "metadata.resourceVersion",
      },
    },
    {
      send: "GET configmaps/$name",
      code: 200,
      has: {
        metadata: {
          labels: { hooked: "yes" },
          uid: "$uid",
          creationTimestamp: "$since",
          resourceVersion: "$rv",
        },
      },
    },
    {
      send: "PATCH configmaps/$name",
      type: "merge",
      body: { metadata: { labels: { mine: "yes" } }, data: { k: "w" } },
      code: 200,
      has: { metadata: { labels: { hooked: "yes" }, uid: "$uid" }, data: { k: "w" } },
      lacks: ["metadata.labels.mine"],
    },
    gone("mutating", "m"),
  ],
  "what a patch brings gets its defaults": [
    configuration("mutating", "m", [{
      path: "/container",
      rules: [ruleFor("pods", ["CREATE"])],
    }]),
    {
      send: "POST pods?dryRun=All",
      body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } },
      code: 201,
      eventually: true,
      has: {
        spec: {
          containers: [{ name: "c" }, {
            name: "sidecar",
            image: "side",
            imagePullPolicy: "Always",
            terminationMessagePath: "/dev/termination-log",
          }],
        },
      },
    },
    gone("mutating", "m"),
  ],
  "a patch that moves an object, or makes it another": [
    config("a"),
    configuration("mutating", "m", [{ path: "/move" }]),
    config("b", {
      code: 400,
      eventually: true,
      message:
        "the namespace of the provided object does not match the namespace sent on the request",
    }),
    gone("mutating", "m"),
    configuration("mutating", "n", [{ path: "/name" }]),
    { send: "PUT configmaps/a", body: { metadata: { name: "a" } }, code: 422, eventually: true },
    gone("mutating", "n"),
  ],
  "custom resources are changed, pruned and given defaults": [
    ...created(
      thing("pets.test", { a: { type: "string" }, b: { type: "string", default: "usual" } }),
    ),
    configuration("mutating", "m", [{
      path: "/spec",
      rules: [ruleFor("things", ["CREATE"], "pets.test")],
    }]),
    {
      send: `POST ${things("pets.test")}?dryRun=All`,
      body: object("pets.test", {}),
      code: 201,
      eventually: true,
      has: { spec: { a: "x", b: "usual" } },
      lacks: ["spec.unknown"],
    },
    gone("mutating", "m"),
    configuration("validating", "v", [{
      path: "/deny",
      rules: [ruleFor("*", ["*"], "pets.test", "*")],
      matchConditions: [{ name: "spec", expression: "object.spec.a == 'z'" }],
    }]),
    {
      send: `POST ${things("pets.test")}?dryRun=All`,
      body: object("pets.test", { a: "z" }),
      code: 418,
      eventually: true,
    },
    gone("validating", "v"),
  ],
  "a patch that does not fit": [
    configuration("mutating", "m", [{ path: "/bad-patch" }]),
    config("a", { code: 500, reason: "InternalError", eventually: true }),
    gone("mutating", "m"),
    config("b", { eventually: true }),
  ],
  "a patch that is nested beyond any object": [
    configuration("mutating", "m", [{ path: "/deep" }]),
    config("a", {
      code: 500,
      message: "Internal error occurred: exceeded max depth",
      eventually: true,
    }),
    gone("mutating", "m"),
    config("b", { eventually: true }),
  ],
  "an answer to somebody else": [
    configuration("mutating", "m", [{ path: "/wrong-uid" }]),
    config("a", { code: 500, reason: "InternalError", eventually: true }),
    gone("mutating", "m"),
    config("b", { eventually: true }),
  ],
  "those that ask for it are called once more after a change": [
    configuration("mutating", "m", [
      { path: "/count", name: "a.hook.test", reinvocationPolicy: "IfNeeded" },
      { path: "/label", name: "b.hook.test" },
    ]),
    config("a", {
      send: "POST configmaps?dryRun=All",
      has: { data: { count: "2" }, metadata: { labels: { hooked: "yes" } } },
      eventually: true,
    }),
    gone("mutating", "m"),
    configuration("mutating", "n", [
      { path: "/label", name: "a.hook.test" },
      { path: "/count", name: "b.hook.test" },
    ]),
    config("b", {
      send: "POST configmaps?dryRun=All",
      has: { data: { count: "1" }, metadata: { labels: { hooked: "yes" } } },
      eventually: true,
    }),
    gone("mutating", "n"),
  ],
  "scales are shown as such": [
    {
      send: "POST /apis/apps/v1/namespaces/$ns/deployments",
      body: {
        metadata: { name: "d" },
        spec: {
          selector: { matchLabels: { a: "b" } },
          template: {
            metadata: { labels: { a: "b" } },
            spec: { containers: [{ name: "c", image: "i" }] },
          },
        },
      },
      code: 201,
    },
    configuration("validating", "v", [{
      path: "/deny",
      rules: [ruleFor("*/scale", ["*"], "apps")],
      matchConditions: [{
        name: "kind",
        expression:
          "request.kind.kind == 'Scale' && object.spec.replicas == 7 && oldObject.spec.replicas == 1",
      }],
    }]),
    {
      send: "PATCH /apis/apps/v1/namespaces/$ns/deployments/d/scale?dryRun=All",
      type: "merge",
      body: { spec: { replicas: 7 } },
      code: 418,
      eventually: true,
    },
    gone("validating", "v"),
  ],
  "connections to pods": [
    configuration("validating", "v", [{
      path: "/deny",
      rules: [ruleFor("pods/*", ["CONNECT"])],
    }]),
    { send: "POST pods/p/exec?command=a&command=b", code: 501 },
    gone("validating", "v"),
  ],
  "configurations of admission go past it": [
    configuration("validating", "v", [{
      path: "/deny",
      namespaceSelector: {},
      rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], operations: ["*"] }],
    }]),
    config("a", { code: 418, eventually: true }),
    gone("validating", "v"),
    config("a", { eventually: true }),
  ],
};

testCases("admission webhooks", CASES, openWebhook);

Deno.test("parity: calls of webhooks are counted", async () => {
  await using webhook = await openWebhook();
  const { hook = "", ca = "" } = webhook.names;
  await using server = await ParityServer.open();
  await server.openNamespace("n");
  const send = async (method: string, path: string, body: JsonValue) => {
    const response = await server.send(
      method,
      path,
      { "content-type": "application/json" },
      body,
      undefined,
    );
    await response.body?.cancel();
    return response.status;
  };
  await send("POST", `${ADMISSION}/validatingwebhookconfigurations`, {
    metadata: { name: "v" },
    webhooks: ["deny", "broken"].map((name) => ({
      name: `${name}.hook.test`,
      clientConfig: { url: `${hook}/${name}`, caBundle: ca },
      rules: [CONFIGMAPS],
      failurePolicy: "Ignore",
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
    })),
  });
  const config = { metadata: { name: "a" } };
  const path = "/api/v1/namespaces/n/configmaps?dryRun=All";
  while (await send("POST", path, config) !== 418) await new Promise((go) => setTimeout(go, 1));
  const text = await (await server.send("GET", "/metrics", {}, undefined, undefined)).text();
  const type = 'type="validating"';
  const create = 'operation="CREATE"';
  for (
    const line of [
      `_request_total{name="deny.hook.test",${type},${create},code="418",rejected="true"} 1`,
      `_rejection_count{name="deny.hook.test",${type},${create},error_type="no_error",rejection_code="418"} 1`,
      `_request_total{name="broken.hook.test",${type},${create},code="500",rejected="false"} 1`,
      `_fail_open_count{name="broken.hook.test",${type}} 1`,
      `_admission_duration_seconds_count{name="deny.hook.test",${type},${create},rejected="true"} 1`,
    ]
  ) {
    assert.ok(text.includes(`apiserver_admission_webhook${line}`), line);
  }
});
