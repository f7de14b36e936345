import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition as Condition,
} from "../generated/types.ts";
import { structuralProblems } from "./check/structural_rules.ts";
import { unsupportedText } from "./check/unsupported.ts";

const TYPE = "NonStructuralSchema";

/** What is said of a definition whose schemas are not structural; undefined where all are. */
export function structuralCondition(
  { spec = {} }: CustomResourceDefinition,
): Required<Pick<Condition, "type" | "status" | "reason" | "message">> | undefined {
  const texts: string[] = [];
  if (spec.preserveUnknownFields === true) {
    texts.push("spec.preserveUnknownFields: Invalid value: true: must be false");
  }
  for (const [i, { name, schema }] of (spec.versions ?? []).entries()) {
    const own = schema?.openAPIV3Schema;
    if (own === undefined) continue;
    const unsupported = unsupportedText(own);
    if (unsupported !== undefined) {
      return {
        type: TYPE,
        status: "Unknown",
        reason: "StructuralError",
        message: `failed to check validation schema for version ${name}: ${unsupported}`,
      };
    }
    const problems = structuralProblems(`spec.versions[${i}].schema.openAPIV3Schema`, own);
    texts.push(...problems.map(({ field, message }) => `${field}: ${message}`));
  }
  if (texts.length === 0) return undefined;
  const message = texts.length === 1 ? texts[0] ?? "" : `[${texts.join(", ")}]`;
  return { type: TYPE, status: "True", reason: "Violations", message };
}
