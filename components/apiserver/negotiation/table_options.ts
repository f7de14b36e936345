import { invalid } from "../../base/mod.ts";

/** What a row of a table says of its object beside the cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** Reads `includeObject`. Throws 422. */
export function readIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw invalid({ group: "meta.k8s.io", kind: "TableOptions" }, "", [{
    reason: "FieldValueInvalid",
    field: "includeObject",
    message: `Invalid value: ${
      JSON.stringify(value)
    }: must be 'Metadata', 'Object', 'None', or empty`,
  }]);
}
