import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition as Condition,
} from "../generated/types.ts";
import type { FieldError } from "../resource_definition.ts";
import { quoted } from "./go_text.ts";
import { ValueErrors } from "./value_errors.ts";
import { isRequestUri } from "./value/name_formats.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const SEE = "see https://github.com/kubernetes/enhancements/pull/1111";

type ConditionState = Required<Pick<Condition, "type" | "status" | "reason" | "message">>;

interface Approval {
  readonly state: "approved" | "bypassed" | "missing" | "invalid";
  readonly text: string;
}

/** True for a group that belongs to Kubernetes. */
function isProtected(group: string): boolean {
  return ["k8s.io", "kubernetes.io"].some((domain) =>
    group === domain || group.endsWith(`.${domain}`)
  );
}

function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const value = metadata?.annotations?.[ANNOTATION] ?? "";
  const must = `protected groups must have approval annotation ${quoted(ANNOTATION)}`;
  if (value === "") return { state: "missing", text: `${must}, ${SEE}` };
  if (value.startsWith("unapproved")) {
    return { state: "bypassed", text: `not approved: ${quoted(value)}` };
  }
  if (isRequestUri(value) && /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?]/.test(value)) {
    return { state: "approved", text: `approved in ${value}` };
  }
  return {
    state: "invalid",
    text: `${must} with either a URL or a reason starting with "unapproved", ${SEE}`,
  };
}

/** A group of Kubernetes' own says where it was approved, or that it was not. */
export function approvalProblems(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
): readonly FieldError[] {
  if (!isProtected(next.spec?.group ?? "")) return [];
  const { state, text } = approvalOf(next);
  if (previous !== undefined && approvalOf(previous).state === state) return [];
  const errors = new ValueErrors();
  const at = `metadata.annotations[${ANNOTATION}]`;
  if (state === "missing") errors.required(at, text);
  else if (state === "invalid") {
    errors.invalid(at, next.metadata?.annotations?.[ANNOTATION] ?? "", text);
  }
  return errors.list;
}

/** What is said of the approval of a definition; undefined for groups that need none. */
export function approvalCondition(
  definition: CustomResourceDefinition,
): ConditionState | undefined {
  if (!isProtected(definition.spec?.group ?? "")) return undefined;
  const { state, text } = approvalOf(definition);
  const reasons = {
    approved: "ApprovedAnnotation",
    bypassed: "UnapprovedAnnotation",
    missing: "MissingAnnotation",
    invalid: "InvalidAnnotation",
  };
  return {
    type: "KubernetesAPIApprovalPolicyConformant",
    status: state === "approved" ? "True" : "False",
    reason: reasons[state],
    message: text,
  };
}
