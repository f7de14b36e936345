import assert from "node:assert/strict";
import { created, type Json } from "./validation_suite.ts";

const KIND = "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration";
const webhook = (more: Json): Json => ({
  webhooks: [{
    name: "a.b.example",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: { service: { name: "s", namespace: "n" } },
    ...more,
  }],
});
const url = (text: string): Json => webhook({ clientConfig: { url: text } });
const service = (more: Json): Json =>
  webhook({ clientConfig: { service: { name: "s", namespace: "n", ...more } } });
const rule = (more: Json): Json =>
  webhook({
    rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], ...more }],
  });
const resources = (...names: string[]): Json => rule({ resources: names });
const URL = "webhooks[0].clientConfig.url";
const SERVICE = "webhooks[0].clientConfig.service";
const RULE = "webhooks[0].rules[0]";
const FORM = "; desired format: https://host[/path]";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const CASES: readonly (readonly [Json, readonly string[]])[] = [
  [webhook({}), []],
  [url("https://example.com/validate"), []],
  [url("http://example.com"), [
    `${URL}: Invalid value: "http": 'https' is the only allowed URL scheme${FORM}`,
  ]],
  [url("example"), [
    `${URL}: Invalid value: "": 'https' is the only allowed URL scheme${FORM}`,
    `${URL}: Invalid value: "": host must be specified${FORM}`,
  ]],
  [url("https://"), [`${URL}: Invalid value: "": host must be specified${FORM}`]],
  [url("https://[::"), [`${URL}: Required value: url must be a valid URL: https://[::${FORM}`]],
  [url("https://me:secret@example.com/?a=b#c"), [
    `${URL}: Invalid value: "me:secret": user information is not permitted in the URL`,
    `${URL}: Invalid value: "c": fragments are not permitted in the URL`,
    `${URL}: Invalid value: "a=b": query parameters are not permitted in the URL`,
  ]],
  [webhook({ clientConfig: {} }), [
    "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
  ]],
  [service({ path: "/a/b.c/", port: 443 }), []],
  [service({ path: "/" }), []],
  [service({ path: "//" }), [`${SERVICE}.path: Invalid value: "//": segment[0] may not be empty`]],
  [service({ path: "a" }), [
    `${SERVICE}.path: Invalid value: "a": must start with a '/'`,
    `${SERVICE}.path: Invalid value: "a": segment[0] may not be empty`,
  ]],
  [service({ path: "/a//B" }), [
    `${SERVICE}.path: Invalid value: "/a//B": segment[1] may not be empty`,
    `${SERVICE}.path: Invalid value: "/a//B": segment[2]: ${SUBDOMAIN}`,
  ]],
  [service({ port: 70000 }), [
    `${SERVICE}.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`,
  ]],
  [webhook({ admissionReviewVersions: ["v1", "v1"] }), [
    'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
  ]],
  [webhook({ admissionReviewVersions: ["v9"] }), [
    'webhooks[0].admissionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
  ]],
  [resources("pods", "pods/*", "*/status"), []],
  [resources("*", "pods"), [
    `${RULE}.resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without ` +
    "subresources",
  ]],
  [resources("*/*", "pods"), [
    `${RULE}.resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`,
  ]],
  [resources("pods/*", "pods/status", "", "*/scale", "deployments/scale"), [
    `${RULE}.resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`,
    `${RULE}.resources[2]: Required value`,
    `${RULE}.resources[4]: Invalid value: "deployments/scale": if '*/scale' is present, must not specify ` +
    "deployments/scale",
  ]],
  [rule({ apiVersions: [""] }), [`${RULE}.apiVersions[0]: Required value`]],
];
for (const [object, problems] of CASES) {
  Deno.test(`new webhook: ${problems[0] ?? "good"} ${JSON.stringify(object).slice(100)}`, () => {
    assert.deepEqual(created(KIND, object), problems);
  });
}
