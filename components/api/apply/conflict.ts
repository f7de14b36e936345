import { ApiError } from "../../base/mod.ts";
import type { ManagedFieldsEntry } from "../object.ts";
import type { FieldSet } from "./field_set.ts";
import { pathTexts } from "./path_element.ts";

/** Fields that an apply changes and another manager owns. */
export interface OwnershipConflict {
  readonly owner: ManagedFieldsEntry;
  readonly fields: FieldSet;
}

/** 409: `Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas`. */
export function applyConflict(conflicts: readonly OwnershipConflict[]): ApiError {
  const all = conflicts
    .map(({ owner, fields }) => ({ owner: ownerText(owner), paths: pathTexts(fields) }))
    .sort((a, b) => a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0);
  const causes = all.flatMap(({ owner, paths }) =>
    paths.map((field) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${owner}`,
      field,
    }))
  );
  const [first] = causes;
  const text = causes.length === 1 && first !== undefined
    ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
    : `Apply failed with ${causes.length} conflicts: ${
      all.map(({ owner, paths }) =>
        [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)].join("\n")
      ).join("\n")
    }`;
  return new ApiError(409, "Conflict", text, { causes });
}

function ownerText({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const name = JSON.stringify(manager ?? "");
  const part = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  return operation === "Update" ? `${name}${part} using ${apiVersion ?? ""}` : `${name}${part}`;
}
