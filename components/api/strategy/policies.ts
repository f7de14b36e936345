import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "../generated/types.ts";
import * as policies from "../validation/admission_policies.ts";
import { type KindRules, rules, type RuleTable } from "./rules.ts";

const CONDITIONAL: KindRules = { generation: ["spec"], conditional: true };

/** Admission policies and what binds them. */
export const POLICY_RULES: RuleTable = {
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": rules<MutatingAdmissionPolicy>({
    ...CONDITIONAL,
    create: policies.validateMutatingPolicy,
  }),
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": rules<
    MutatingAdmissionPolicyBinding
  >({
    ...CONDITIONAL,
    create: policies.validateMutatingBinding,
  }),
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": rules<ValidatingAdmissionPolicy>({
    ...CONDITIONAL,
    create: policies.validateValidatingPolicy,
  }),
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": rules<
    ValidatingAdmissionPolicyBinding
  >({
    ...CONDITIONAL,
    create: policies.validateValidatingBinding,
  }),
};
