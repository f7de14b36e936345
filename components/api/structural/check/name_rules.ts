import type { CustomResourceDefinitionNames as Names } from "../../generated/types.ts";
import { dns1035LabelProblems } from "../../names.ts";
import type { ValueErrors } from "../value_errors.ts";

/** The rules of names, asked for or given. */
export function checkNames(names: Names, path: string, errors: ValueErrors): void {
  const { kind = "", listKind = "", shortNames = [], categories = [] } = names;
  const label = (at: string, value: string, mixed = false) => {
    if (value === "") return;
    const problems = dns1035LabelProblems(mixed ? value.toLowerCase() : value);
    if (problems.length === 0) return;
    const prefix = mixed ? "may have mixed case, but should otherwise match: " : "";
    errors.invalid(`${path}.${at}`, value, prefix + problems.join(","));
  };
  label("plural", names.plural ?? "");
  label("singular", names.singular ?? "");
  label("kind", kind, true);
  label("listKind", listKind, true);
  for (const [i, name] of shortNames.entries()) listed("shortNames", i, name);
  if (kind !== "" && kind === listKind) {
    errors.invalid(`${path}.listKind`, listKind, "kind and listKind may not be the same");
  }
  for (const [i, name] of categories.entries()) listed("categories", i, name);

  function listed(member: string, index: number, value: string): void {
    const problems = dns1035LabelProblems(value);
    if (problems.length > 0) {
      errors.invalid(`${path}.${member}[${index}]`, value, problems.join(","));
    }
  }
}
