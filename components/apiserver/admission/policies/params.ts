import {
  type KubeObject,
  labelSelectorMatcher,
  type ParamKind,
  type ParamRef,
  type ResourceDefinition,
} from "../../../api/mod.ts";
import type { ObjectReader } from "../../ports.ts";
import { convertObject } from "../../registry/mod.ts";

/** The kinds that are served, by which parameters are found. */
export interface ServedKinds {
  byKind(group: string, version: string, kind: string): ResourceDefinition | undefined;
  anyVersion(group: string, plural: string): ResourceDefinition | undefined;
  all(): readonly ResourceDefinition[];
}

/**
 * The objects that a binding hands to its policy: one evaluation each, null for a policy without. Throws an `Error` that
 * says why a binding makes no sense.
 */
export function paramsOf(
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  kinds: ServedKinds,
  reader: ObjectReader,
): readonly (KubeObject | null)[] {
  if (kind === undefined || ref === undefined) return [null];
  const { apiVersion = "", kind: name = "" } = kind;
  const slash = apiVersion.indexOf("/");
  const [group, version] = slash < 0
    ? ["", apiVersion]
    : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const definition = kinds.byKind(group, version, name);
  if (definition?.storage === undefined) {
    throw new Error(`paramKind kind \`${apiVersion}, Kind=${name}\` not known`);
  }
  const within = namespaceOf(definition, ref, namespace);
  const stored = kinds.anyVersion(group, definition.plural) ?? definition;
  const shown = (object: KubeObject) => convertObject(object, stored, definition);
  const found: KubeObject[] = [];
  if ((ref.name ?? "") !== "") {
    if (ref.selector !== undefined) {
      throw new Error("paramRef.name and paramRef.selector are mutually exclusive");
    }
    const one = reader.get(group, definition.plural, within, ref.name ?? "");
    if (one !== undefined) found.push(shown(one));
  } else if (ref.selector !== undefined) {
    const selector = labelSelectorMatcher(ref.selector);
    for (const each of reader.list(group, definition.plural, within)) {
      if (selector.matches(each.metadata?.labels ?? {})) found.push(shown(each));
    }
  }
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return found;
}

function namespaceOf(
  definition: ResourceDefinition,
  ref: ParamRef,
  namespace: string,
): string {
  const named = ref.namespace ?? "";
  if (!definition.namespaced) {
    if (named === "") return "";
    throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  }
  const within = named === "" ? namespace : named;
  if (within !== "") return within;
  throw new Error(
    "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
  );
}
