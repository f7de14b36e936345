import assert from "node:assert/strict";
import {
  BUILTIN_KINDS,
  type KubeObject,
  type ValidatingAdmissionPolicy,
} from "../../../api/served.ts";
import type { AdmissionRequest, Authorizer } from "../../ports.ts";
import { Activation } from "../matching/activation.ts";
import { ValidatingPolicy } from "./validating_policy.ts";

const definition = BUILTIN_KINDS.find(({ plural }) => plural === "configmaps")!;
const object = {
  metadata: { name: "a" },
  data: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, "x".repeat(100)])),
} as KubeObject;
const request: AdmissionRequest = {
  operation: "CREATE",
  definition,
  subresource: "",
  namespace: "n",
  name: "a",
  object,
  oldObject: undefined,
  user: { username: "u", groups: [] },
  dryRun: false,
  warn() {},
};

function evaluate(spec: ValidatingAdmissionPolicy["spec"], authorizer: Authorizer = NOBODY) {
  const policy = new ValidatingPolicy({ metadata: { name: "p" }, spec } as KubeObject);
  const kind = { group: "", version: "v1", kind: "ConfigMap" };
  const activation = new Activation(request, { definition, kind }, authorizer, {
    object: () => object,
    oldObject: () => null,
  }, () => undefined);
  return policy.evaluate(activation, null);
}

const NOBODY: Authorizer = { authorize: () => ({ allowed: false, reason: "" }) };
const COSTLY =
  "object.data.all(a, object.data.all(b, object.data.all(c, object.data[a] == object.data[b])))";

Deno.test("a policy ends where its expressions cost too much", async () => {
  const { denials } = await evaluate({ validations: [{ expression: COSTLY }] });
  assert.deepEqual(denials.map(({ message }) => message), [
    `expression '${COSTLY}' resulted in error: operation cancelled: actual cost limit exceeded`,
  ]);
  const half = "object.data.all(a, object.data.all(b, object.data[a] == object.data[b]))";
  const many = await evaluate({
    validations: Array.from({ length: 60 }, () => ({ expression: half })),
  });
  assert.deepEqual(many.denials.map(({ message }) => message), [
    "validation failed due to running out of cost budget, no further validation rules will be run",
  ]);
  const open = await evaluate({ failurePolicy: "Ignore", validations: [{ expression: COSTLY }] });
  assert.deepEqual(open.denials, []);
});

Deno.test("variables are evaluated when they are read, once, and fail where they are read", async () => {
  const { denials } = await evaluate({
    variables: [
      { name: "wrong", expression: "object.none.x" },
      { name: "name", expression: "object.metadata.name" },
    ],
    validations: [
      { expression: "variables.name == 'a'" },
      { expression: "variables.name == 'b' || variables.wrong == 'x'" },
    ],
  });
  assert.deepEqual(denials.map(({ index, message }) => [index, message]), [[
    1,
    `expression 'variables.name == 'b' || variables.wrong == 'x'' resulted in error: composited variable "wrong" fails to evaluate: no such key: none`,
  ]]);
});

Deno.test("decisions of an authorizer that takes its time are waited for", async () => {
  const asked: string[] = [];
  const slow: Authorizer = {
    async authorize({ user, verb, resource, namespace }) {
      asked.push(`${user.username} ${verb} ${namespace}/${resource}`);
      await Promise.resolve();
      return { allowed: user.username === "u", reason: "" };
    },
  };
  const check = "group('').resource('pods').namespace('n').check('get').allowed()";
  const { denials } = await evaluate({
    variables: [{ name: "may", expression: `authorizer.${check}` }],
    validations: [
      { expression: `variables.may && authorizer.${check}`, message: "own" },
      { expression: `authorizer.serviceAccount('n', 's').${check}`, message: "account" },
    ],
  }, slow);
  assert.deepEqual(denials.map(({ message }) => message), ["account"]);
  assert.deepEqual(asked, ["u get n/pods", "system:serviceaccount:n:s get n/pods"]);
});

Deno.test("audit annotations are published, left out or refused", async () => {
  const { annotations, failures } = await evaluate({
    auditAnnotations: [
      { key: "name", valueExpression: "' is ' + object.metadata.name" },
      { key: "none", valueExpression: "null" },
      { key: "empty", valueExpression: "''" },
      { key: "wrong", valueExpression: "string(object.none)" },
    ],
  });
  assert.deepEqual(annotations, [["name", "is a"]]);
  assert.deepEqual(failures.map(({ message }) => message), [
    "expression 'string(object.none)' resulted in error: no such key: none",
  ]);
});
