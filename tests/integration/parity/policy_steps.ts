import type { JsonObject } from "../../../components/base/mod.ts";
import type { Step } from "./parity_case.ts";
import { ruleFor } from "./webhook_steps.ts";

export const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
/** What a policy is about. */
export const about = (...rules: readonly ReturnType<typeof ruleFor>[]) => ({
  resourceRules: [...rules],
});
export const CONFIGMAPS = about(ruleFor("configmaps", ["CREATE", "UPDATE"]));
export const HERE = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "$ns" } },
};

export const validating = (name: string, spec: JsonObject, binding: JsonObject = {}): Step[] => [{
  send: `POST ${ADMISSION}/validatingadmissionpolicies`,
  body: { metadata: { name }, spec: { matchConstraints: CONFIGMAPS, ...spec } },
  code: 201,
}, {
  send: `POST ${ADMISSION}/validatingadmissionpolicybindings`,
  body: {
    metadata: { name: `${name}-b` },
    spec: { policyName: name, validationActions: ["Deny"], matchResources: HERE, ...binding },
  },
  code: 201,
}];
export const mutating = (name: string, mutations: JsonObject[], spec: JsonObject = {}): Step[] => [{
  send: `POST ${ADMISSION}/mutatingadmissionpolicies`,
  body: {
    metadata: { name },
    spec: {
      matchConstraints: CONFIGMAPS,
      reinvocationPolicy: "Never",
      mutations,
      ...spec,
    },
  },
  code: 201,
}, {
  send: `POST ${ADMISSION}/mutatingadmissionpolicybindings`,
  body: { metadata: { name: `${name}-b` }, spec: { policyName: name, matchResources: HERE } },
  code: 201,
}];
export const apply = (expression: string): JsonObject => ({
  patchType: "ApplyConfiguration",
  applyConfiguration: { expression },
});
export const patch = (expression: string): JsonObject => ({
  patchType: "JSONPatch",
  jsonPatch: { expression },
});
export const gone = (kind: "validating" | "mutating", name: string): Step[] => [
  { send: `DELETE ${ADMISSION}/${kind}admissionpolicybindings/${name}-b`, code: 200 },
  { send: `DELETE ${ADMISSION}/${kind}admissionpolicies/${name}`, code: 200 },
];
