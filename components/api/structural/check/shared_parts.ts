import { equalJson } from "../../../base/mod.ts";
import type { CustomResourceDefinitionVersion as Version } from "../../generated/types.ts";

/** The parts of a version that may be the same in all of them. */
export type VersionParts = Pick<
  Version,
  "schema" | "subresources" | "additionalPrinterColumns" | "selectableFields"
>;

const MEMBERS = [
  "schema",
  "subresources",
  "additionalPrinterColumns",
  "selectableFields",
] as const;

/** What all versions have alike. It is told of as the definition's, not as each version's. */
export function sharedParts(versions: readonly Version[]): VersionParts {
  const [first] = versions;
  if (first === undefined) return {};
  const shared: Record<string, unknown> = {};
  for (const member of MEMBERS) {
    const value = first[member];
    if (value === undefined) continue;
    if (versions.every((each) => equalJson(each[member], value))) shared[member] = value;
  }
  return shared as VersionParts;
}
