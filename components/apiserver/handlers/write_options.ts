import { invalid } from "../../base/mod.ts";
import type { FieldValidation } from "../../api/served.ts";
import { isDryRun } from "../registry/mod.ts";
import { isTrue } from "../request_info.ts";

const FIELD_MANAGER_MAXIMUM = 128;

/** The query of a create, update or patch. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly fieldManager: string;
  readonly force: boolean;
}

/** Reads and checks them; without a manager the user agent's program is one. */
export function readWriteOptions(
  query: URLSearchParams,
  userAgent: string | null,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  isApply = false,
): WriteOptions {
  const refuse = (field: string, reason: string, message: string) =>
    invalid({ group: "meta.k8s.io", kind }, "", [{ field, reason, message }]);
  const validation = query.get("fieldValidation") ?? "";
  if (!["", "Ignore", "Warn", "Strict"].includes(validation)) {
    throw refuse(
      "fieldValidation",
      "FieldValueNotSupported",
      `Unsupported value: "${validation}": supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  const asked = query.get("fieldManager") ?? "";
  if (asked.length > FIELD_MANAGER_MAXIMUM) {
    throw refuse(
      "fieldManager",
      "FieldValueTooLong",
      `Too long: may not be more than ${FIELD_MANAGER_MAXIMUM} bytes`,
    );
  }
  if (isApply && asked === "") {
    throw refuse(
      "fieldManager",
      "FieldValueRequired",
      "Required value: is required for apply patch",
    );
  }
  const force = query.get("force");
  if (force !== null && !isApply) {
    throw refuse(
      "force",
      "FieldValueForbidden",
      "Forbidden: may not be specified for non-apply patch",
    );
  }
  return {
    dryRun: isDryRun(query.getAll("dryRun"), kind),
    fieldValidation: validation === "" ? "Warn" : validation as FieldValidation,
    fieldManager: asked !== "" ? asked : managerOf(userAgent),
    force: isTrue(force),
  };
}

function managerOf(userAgent: string | null): string {
  const program = (userAgent ?? "").split("/")[0]!.trim();
  return program === "" ? "unknown" : program.slice(0, FIELD_MANAGER_MAXIMUM);
}
