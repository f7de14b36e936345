/** Admission policies, as a client of the API sees what they do. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";
import {
  about,
  ADMISSION,
  apply,
  CONFIGMAPS,
  gone,
  mutating,
  patch,
  validating,
} from "./policy_steps.ts";
import { ruleFor } from "./webhook_steps.ts";

/** A dry run, so that it can be asked until the policy is known. */
const config = (
  name: string,
  code: number,
  rest: Partial<Step> & { data?: JsonObject } = {},
): Step => {
  const { data = { k: "v" }, ...others } = rest;
  return {
    send: "POST configmaps?dryRun=All",
    body: { metadata: { name, labels: { app: name } }, data },
    code,
    eventually: true,
    ...others,
  };
};
const denied = (name: string, message: string, policy = "p") =>
  `configmaps "${name}" is forbidden: ValidatingAdmissionPolicy '${policy}' with binding '${policy}-b' denied request: ${message}`;

const CASES: Cases = {
  "a validation that fails": [
    ...validating("p", {
      validations: [{ expression: "object.metadata.name.startsWith('good')" }],
    }),
    config("bad", 422, {
      reason: "Invalid",
      message: denied("bad", "failed expression: object.metadata.name.startsWith('good')"),
      has: {
        details: {
          name: "bad",
          kind: "configmaps",
          causes: [{
            message:
              "ValidatingAdmissionPolicy 'p' with binding 'p-b' denied request: failed expression: object.metadata.name.startsWith('good')",
          }],
        },
      },
    }),
    config("good", 201),
    ...gone("validating", "p"),
    config("bad", 201),
  ],
  "messages and reasons": [
    ...validating("p", {
      validations: [
        { expression: "object.metadata.name != 'a'", message: " plain ", reason: "Forbidden" },
        {
          expression: "object.metadata.name != 'b'",
          message: "plain",
          messageExpression: "'made for ' + object.metadata.name",
          reason: "Unauthorized",
        },
        {
          expression: "object.metadata.name != 'c'",
          message: "plain",
          messageExpression: "string(object.none)",
        },
        { expression: "object.metadata.name != 'd'", reason: "RequestEntityTooLarge" },
      ],
    }),
    config("a", 403, { reason: "Forbidden", message: denied("a", "plain") }),
    config("b", 401, { reason: "Unauthorized", message: denied("b", "made for b") }),
    config("c", 422, { message: denied("c", "plain") }),
    config("d", 413, { reason: "RequestEntityTooLarge" }),
    config("e", 201),
    ...gone("validating", "p"),
  ],
  "failures by policy": [
    ...validating("p", { validations: [{ expression: "object.nothing.here == 1" }] }),
    config("a", 422, {
      message: denied(
        "a",
        "expression 'object.nothing.here == 1' resulted in error: no such key: nothing",
      ),
    }),
    ...gone("validating", "p"),
    ...validating("q", {
      failurePolicy: "Ignore",
      validations: [{ expression: "object.nothing.here == 1" }, {
        expression: "object.metadata.name != 'z'",
      }],
    }),
    config("z", 422),
    config("a", 201),
    ...gone("validating", "q"),
  ],
  "actions": [
    ...validating("p", { validations: [{ expression: "false", message: "no" }] }, {
      validationActions: ["Warn", "Audit"],
    }),
    config("a", 201, {
      warns: ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-b': no"],
    }),
    ...gone("validating", "p"),
  ],
  "variables are made of each other": [
    ...validating("p", {
      variables: [
        { name: "data", expression: "object.?data.orValue({})" },
        { name: "keys", expression: "variables.data.map(k, k)" },
        { name: "many", expression: "size(variables.keys) > 1" },
      ],
      validations: [{
        expression: "!variables.many",
        messageExpression: "variables.keys.join(',')",
      }],
    }),
    config("a", 422, { data: { x: "1", y: "2" }, message: denied("a", "x,y") }),
    config("b", 201),
    ...gone("validating", "p"),
  ],
  "conditions, the request, its namespace, who may": [
    ...validating("p", {
      matchConditions: [{ name: "named", expression: "object.metadata.name != 'free'" }],
      validations: [
        { expression: "namespaceObject.metadata.name == request.namespace", message: "namespace" },
        { expression: "request.operation == 'CREATE' && oldObject == null", message: "operation" },
        {
          expression:
            "authorizer.group('').resource('pods').namespace('a').check('list').allowed()",
          message: "authorizer",
        },
        { expression: "authorizer.requestResource.check('delete').allowed()", message: "own" },
        { expression: "request.userInfo.username != 'admin'", message: "last" },
      ],
    }),
    config("a", 422, { message: denied("a", "last") }),
    config("free", 201),
    ...gone("validating", "p"),
  ],
  "parameters": [
    {
      send: "POST configmaps",
      body: { metadata: { name: "limit", labels: { is: "limit" } }, data: { most: "3" } },
      code: 201,
    },
    ...validating("p", {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      validations: [{
        expression: "size(object.data) <= int(params.data.most)",
        messageExpression: "'most ' + params.data.most",
      }],
    }, { paramRef: { name: "limit", parameterNotFoundAction: "Deny" } }),
    config("a", 422, { data: { a: "", b: "", c: "", d: "" }, message: denied("a", "most 3") }),
    config("a", 201),
    { send: "DELETE configmaps/limit", code: 200 },
    config("a", 422, {
      message: denied(
        "a",
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
      ),
    }),
    ...gone("validating", "p"),
    {
      send: "POST configmaps",
      body: { metadata: { name: "one", labels: { is: "limit" } }, data: { most: "0" } },
      code: 201,
    },
    ...validating("q", {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      validations: [{ expression: "size(object.data) <= int(params.data.most)" }],
    }, {
      paramRef: {
        selector: { matchLabels: { is: "limit" } },
        parameterNotFoundAction: "Allow",
      },
    }),
    config("a", 422),
    { send: "DELETE configmaps/one", code: 200 },
    config("a", 201),
    ...gone("validating", "q"),
  ],
  "what is left out": [
    ...validating("p", {
      matchConstraints: {
        ...CONFIGMAPS,
        excludeResourceRules: [{
          apiGroups: [""],
          apiVersions: ["v1"],
          resources: ["configmaps"],
          operations: ["*"],
          resourceNames: ["free"],
        }],
      },
      validations: [{ expression: "false", message: "no" }],
    }),
    config("a", 422),
    config("free", 201),
    ...gone("validating", "p"),
  ],
  "configurations are merged": [
    ...mutating("m", [
      apply("Object{metadata: Object.metadata{labels: {'by': 'policy'}}}"),
      apply("Object{data: {'seen': object.metadata.labels['by']}}"),
    ]),
    config("a", 201, {
      has: { metadata: { labels: { app: "a", by: "policy" } }, data: { k: "v", seen: "policy" } },
    }),
    ...gone("mutating", "m"),
  ],
  "containers are added by name, and get their defaults": [
    ...mutating("m", [apply(
      "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'sidecar', image: 'side'}]}}",
    )], {
      matchConstraints: about(ruleFor("pods", ["CREATE"])),
    }),
    {
      send: "POST pods?dryRun=All",
      body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } },
      code: 201,
      eventually: true,
      has: {
        spec: { containers: [{ name: "c" }, { name: "sidecar", imagePullPolicy: "Always" }] },
      },
    },
    ...gone("mutating", "m"),
    ...mutating("n", [apply(
      "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'c', args: ['x']}]}}",
    )], {
      matchConstraints: about(ruleFor("pods", ["CREATE"])),
    }),
    {
      send: "POST pods?dryRun=All",
      body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } },
      code: 403,
      reason: "Invalid",
      eventually: true,
      message:
        "policy 'n' with binding 'n-b' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].args",
    },
    ...gone("mutating", "n"),
  ],
  "objects stand where their names say": [
    ...mutating("m", [apply("Object{metadata: Object.spec{name: 'x'}}")]),
    config("a", 403, {
      reason: "Invalid",
      message:
        "policy 'm' with binding 'm-b' denied request: type mismatch: unexpected type name \"Object.spec\", expected \"Object.metadata\", which matches field name path from root Object type",
    }),
    ...gone("mutating", "m"),
  ],
  "operations": [
    ...mutating("m", [patch(
      "[JSONPatch{op: 'test', path: '/data/k', value: 'v'}, JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'x'}]",
    )]),
    config("a", 201, { has: { metadata: { labels: { "a/b": "x" } } } }),
    config("b", 201, { data: { k: "other" }, lacks: ["metadata.labels.a/b"] }),
    ...gone("mutating", "m"),
  ],
  "those that ask for it change once more what others changed": [
    ...mutating("m", [apply(
      "Object{data: {'count': string(int(object.data[?'count'].orValue('0')) + 1)}}",
    )], { reinvocationPolicy: "IfNeeded" }),
    ...mutating("n", [apply("Object{data: {'other': 'x'}}")]),
    config("a", 201, { has: { data: { k: "v", count: "2", other: "x" } } }),
    ...gone("mutating", "n"),
    ...gone("mutating", "m"),
  ],
};

const POLICY = 'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: ';
const refused = (kind: string, spec: JsonObject, message: string): Step => ({
  send: `POST ${ADMISSION}/${kind}`,
  body: { metadata: { name: "p" }, spec },
  code: 422,
  reason: "Invalid",
  message,
});
const policy = (spec: JsonObject, message: string): Step =>
  refused(
    "validatingadmissionpolicies",
    { matchConstraints: CONFIGMAPS, ...spec },
    POLICY + message,
  );

const INVALID: Cases = {
  "nothing to do": [policy(
    {},
    "[spec.validations: Required value: validations or auditAnnotations must contain at least one item, spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item]",
  )],
  "no constraints": [
    refused(
      "validatingadmissionpolicies",
      { validations: [{ expression: "true" }] },
      `${POLICY}spec.matchConstraints: Required value`,
    ),
    policy(
      { matchConstraints: {}, validations: [{ expression: "true" }] },
      "spec.matchConstraints.resourceRules: Required value",
    ),
  ],
  "expressions": [
    policy(
      { validations: [{ expression: "object.x +" }] },
      "spec.validations[0].expression: Invalid value: \"object.x +\": compilation failed: ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.x +\n | ..........^",
    ),
    policy(
      { validations: [{ expression: "'text'" }] },
      `spec.validations[0].expression: Invalid value: "'text'": must evaluate to bool`,
    ),
    policy(
      { validations: [{ expression: " " }] },
      "spec.validations[0].expression: Required value: expression is not specified",
    ),
    policy(
      {
        validations: [{ expression: "variables.b" }],
        variables: [{ name: "a", expression: "variables.b" }, { name: "b", expression: "true" }],
      },
      `spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^`,
    ),
    policy(
      { validations: [{ expression: "params.x" }] },
      `spec.validations[0].expression: Invalid value: "params.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^`,
    ),
  ],
  "messages": [
    policy(
      { validations: [{ expression: "true", message: "a\nb" }] },
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
    ),
    policy(
      { validations: [{ expression: "true ||\nfalse" }] },
      "spec.validations[0].message: Required value: message must be specified if expression contains line breaks",
    ),
    policy(
      { validations: [{ expression: "true", reason: "Other" }] },
      'spec.validations[0].reason: Unsupported value: "Other": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
    ),
  ],
  "bindings": [refused(
    "validatingadmissionpolicybindings",
    { policyName: "p", validationActions: ["Deny", "Warn", "Deny"], paramRef: {} },
    'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "p" is invalid: [spec.paramRef: Required value: one of name or selector must be specified, spec.paramRef.parameterNotFoundAction: Required value, spec.validationActions[2]: Duplicate value: "Deny", spec.validationActions: Invalid value: ["Deny","Warn","Deny"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)]',
  )],
  "mutations": [
    refused(
      "mutatingadmissionpolicies",
      { matchConstraints: CONFIGMAPS, reinvocationPolicy: "Never" },
      'MutatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.mutations: Required value: mutations must contain at least one item',
    ),
    refused(
      "mutatingadmissionpolicies",
      {
        matchConstraints: CONFIGMAPS,
        reinvocationPolicy: "Never",
        mutations: [{ patchType: "JSONPatch", applyConfiguration: { expression: "Object{}" } }],
      },
      'MutatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: [spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch, spec.mutations[0].applyConfiguration: Invalid value: "applyConfiguration": must not be specified when patchType is JSONPatch]',
    ),
  ],
  "conditions of webhooks": [{
    send: `POST ${ADMISSION}/validatingwebhookconfigurations`,
    body: {
      metadata: { name: "w" },
      webhooks: [{
        name: "a.b.c",
        clientConfig: { url: "https://a" },
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        matchConditions: [{ name: "a b", expression: "1" }],
      }],
    },
    code: 422,
    has: {
      details: {
        causes: [
          {
            field: "webhooks[0].matchConditions[0].expression",
            message: 'Invalid value: "1": must evaluate to bool',
          },
          { field: "webhooks[0].matchConditions[0].name", reason: "FieldValueInvalid" },
        ],
      },
    },
  }],
};

testCases("admission policies", CASES);
testCases("admission policies that are refused", INVALID);
