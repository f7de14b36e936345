import {
  type KubeObject,
  labelSelectorMatcher,
  type ParamKind,
  type ParamRef,
  type ResourceDefinition,
} from "../../../api/served.ts";
import type { ObjectReader } from "../../ports.ts";
import { convertObject } from "../../registry/mod.ts";

/** The kinds that are served, by which parameters are found. */
export interface ServedKinds {
  byKind(group: string, version: string, kind: string): ResourceDefinition | undefined;
  anyVersion(group: string, plural: string): ResourceDefinition | undefined;
  all(): readonly ResourceDefinition[];
}

/** Where parameters are found. */
export interface ParamSource {
  readonly definitions: ServedKinds;
  readonly reader: ObjectReader;
  readonly convertStored?: ConvertStored;
}

/** Objects of another version than the stored one that somebody has to be asked for; undefined where nobody has. */
export type ConvertStored = (
  objects: readonly KubeObject[],
  to: ResourceDefinition,
) => Promise<readonly KubeObject[]> | undefined;

/**
 * The objects that a binding hands to its policy: one evaluation each, null for a policy without. Throws an `Error` that
 * says why a binding makes no sense.
 */
export function paramsOf(
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  { definitions: kinds, reader, convertStored }: ParamSource,
): readonly (KubeObject | null)[] | Promise<readonly KubeObject[]> {
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
  const found: KubeObject[] = [];
  if ((ref.name ?? "") !== "") {
    if (ref.selector !== undefined) {
      throw new Error("paramRef.name and paramRef.selector are mutually exclusive");
    }
    const one = reader.get(group, definition.plural, within, ref.name ?? "");
    if (one !== undefined) found.push(one);
  } else if (ref.selector !== undefined) {
    const selector = labelSelectorMatcher(ref.selector);
    for (const each of reader.list(group, definition.plural, within)) {
      if (selector.matches(each.metadata?.labels ?? {})) found.push(each);
    }
  }
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return convertStored?.(found, definition) ??
    found.map((object) => convertObject(object, stored, definition));
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
