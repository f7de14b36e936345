import { equalJson } from "../../base/mod.ts";
import {
  type CustomResourceDefinition,
  type CustomResourceDefinitionNames as Names,
  hasReadableBundle,
} from "../../api/served.ts";
import { type ConditionState, findCondition } from "./conditions.ts";

export interface Naming {
  readonly names: Names;
  readonly condition: ConditionState;
}

/**
 * The names that a definition may bear beside the others of its group, and what is said of them. What one has it keeps;
 * a name that is in use is not given a second time. `others` may hold the definition itself.
 */
export function acceptNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): Naming {
  const asked = definition.spec?.names ?? {};
  const had = definition.status?.acceptedNames ?? {};
  const { resources, kinds } = usedNames(definition.spec?.group ?? "", others);
  const names: Names = { plural: "", kind: "", ...had };
  let conflict: { reason: string; message: string } | undefined;
  const claim = (member: "plural" | "singular" | "kind" | "listKind", used: Set<string>) => {
    const name = asked[member] ?? "";
    if (name !== (had[member] ?? "") && used.has(name)) {
      const reason = `${member.charAt(0).toUpperCase()}${member.slice(1)}Conflict`;
      conflict = { reason, message: inUse(name) };
    } else names[member] = name;
  };
  claim("plural", resources);
  claim("singular", resources);
  if (!equalJson(asked.shortNames ?? [], had.shortNames ?? [])) {
    const own = new Set(had.shortNames);
    const taken = (asked.shortNames ?? []).filter((name) => !own.has(name) && resources.has(name));
    if (taken.length > 0) {
      const messages = [...new Set(taken.map(inUse))];
      conflict = {
        reason: "ShortNamesConflict",
        message: messages.length === 1 ? messages[0] ?? "" : `[${messages.join(", ")}]`,
      };
    } else if (asked.shortNames !== undefined) names.shortNames = asked.shortNames;
    else delete names.shortNames;
  }
  claim("kind", kinds);
  claim("listKind", kinds);
  if (asked.categories === undefined) delete names.categories;
  else names.categories = asked.categories;
  return {
    names,
    condition: conflict === undefined
      ? {
        type: "NamesAccepted",
        status: "True",
        reason: "NoConflicts",
        message: "no conflicts found",
      }
      : { type: "NamesAccepted", status: "False", ...conflict },
  };
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

function usedNames(group: string, others: readonly CustomResourceDefinition[]) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { spec, status } of others) {
    if (spec?.group !== group) continue;
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {};
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

/** Why a definition is not established whose webhook nobody could trust. */
export const UNREADABLE_BUNDLE = "InvalidCABundle";

/** The condition of being served, by that of the names. */
export function establishedBy(
  definition: CustomResourceDefinition,
  accepted: boolean,
): ConditionState {
  const old = findCondition(definition, "Established");
  if (old?.status !== "True" && accepted && !hasReadableBundle(definition)) {
    return {
      type: "Established",
      status: "False",
      reason: UNREADABLE_BUNDLE,
      message: "The conversion webhook CABundle is invalid",
    };
  }
  if (old?.status === "True" || accepted) {
    return {
      type: "Established",
      status: "True",
      reason: old?.status === "True" ? old.reason ?? "" : "InitialNamesAccepted",
      message: old?.status === "True" ? old.message ?? "" : "the initial names have been accepted",
    };
  }
  return {
    type: "Established",
    status: "False",
    reason: old?.reason ?? "NotAccepted",
    message: old?.message ?? "not all names are accepted",
  };
}
