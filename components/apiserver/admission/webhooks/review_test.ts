import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../../base/mod.ts";
import { readReview, reviewVersion } from "./review.ts";
import { denial } from "./webhook_error.ts";

const V1 = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1" };
const ok = (rest: JsonObject = {}, around: JsonObject = V1) => ({
  ...around,
  response: { uid: "u", allowed: true, ...rest },
});
const PATCH = { patch: btoa("[]"), patchType: "JSONPatch" };

const CASES: [string, JsonValue, boolean, string | undefined][] = [
  ["allowed", ok(), false, undefined],
  ["patched", ok(PATCH), true, undefined],
  ["text", "yes", false, "webhook response was absent"],
  ["no response", V1, false, "webhook response was absent"],
  ["no uid", { ...V1, response: {} }, false, 'expected response.uid="u", got ""'],
  ["other uid", ok({ uid: "v" }), false, 'expected response.uid="u", got "v"'],
  [
    "other version",
    ok({}, { ...V1, apiVersion: "admission.k8s.io/v1beta1" }),
    false,
    "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=AdmissionReview",
  ],
  [
    "patch without type",
    ok({ patch: PATCH.patch }),
    true,
    "webhook returned response.patch but not response.patchType",
  ],
  [
    "type without patch",
    ok({ patchType: "JSONPatch" }),
    true,
    "webhook returned response.patchType but not response.patch",
  ],
  ["validating patch", ok(PATCH), false, "validating webhook may not return response.patch"],
  [
    "validating patch type",
    ok({ patchType: "JSONPatch" }),
    false,
    "validating webhook may not return response.patchType",
  ],
  ["too deep", JSON.parse("[".repeat(20_000) + "]".repeat(20_000)), false, "exceeded max depth"],
  ["broken base64", ok({ ...PATCH, patch: "*" }), true, "response.patch is not base64"],
  [
    "wrong members",
    ok({ warnings: [1, "w"], auditAnnotations: { a: 1, b: "c" } }),
    false,
    undefined,
  ],
];

Deno.test("readReview() checks answers", () => {
  for (const [name, value, mutating, problem] of CASES) {
    const read = readReview(value, "v1", "u", mutating);
    assert.equal(typeof read === "string" ? read : undefined, problem, name);
  }
  const old = { response: { allowed: false } };
  assert.equal(typeof readReview(old, "v1beta1", "u", true), "object", "older ones say less");
  const last = readReview(CASES.at(-1)![1], "v1", "u", false);
  assert.ok(typeof last !== "string");
  assert.deepEqual([last.warnings, last.auditAnnotations], [["w"], { b: "c" }]);
});

Deno.test("reviewVersion() takes the first that is known", () => {
  const cases: [string[], string | undefined][] = [
    [["v1"], "v1"],
    [["v2", "v1beta1", "v1"], "v1beta1"],
    [["v2"], undefined],
    [[], undefined],
  ];
  for (const [accepted, expected] of cases) assert.equal(reviewVersion(accepted), expected);
});

Deno.test("denial() keeps a webhook's own Status, but never a success", () => {
  const by = 'admission webhook "w" denied the request';
  const cases: [JsonObject | undefined, number, string][] = [
    [undefined, 400, `${by} without explanation`],
    [{ code: 200, status: "Success" }, 400, `${by} without explanation`],
    [{ code: 429, message: "m" }, 429, `${by}: m`],
    [{ reason: "Why" }, 400, `${by}: Why`],
    [{ code: 70000, message: "m" }, 400, `${by}: m`],
    [{ code: "x", message: 1 }, 400, `${by} without explanation`],
  ];
  for (const [result, code, message] of cases) {
    const error = denial("w", result);
    assert.deepEqual([error.code, error.message], [code, message]);
  }
});
