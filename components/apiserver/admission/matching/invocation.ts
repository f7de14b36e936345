import type { GroupVersionKind, ResourceDefinition } from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";
import { attributesOf, kindOf } from "./attributes.ts";
import { type Rule, ruleMatches } from "./rules.ts";

/** As which version of a resource a request is looked at. */
export interface Invocation {
  readonly definition: ResourceDefinition;
  readonly kind: GroupVersionKind;
}

/** All served versions of what a definition stores, under other groups too. */
export type Equivalents = (definition: ResourceDefinition) => readonly ResourceDefinition[];

/** Finds the version in which rules ask for a request; undefined where they do not. */
export function invocationOf(
  request: AdmissionRequest,
  rules: readonly Rule[],
  excluded: readonly Rule[],
  matchPolicy: string,
  equivalents: Equivalents,
): Invocation | undefined {
  const { definition: stored, requested = stored, subresource } = request;
  const attributes = attributesOf(request);
  const at = (definition: ResourceDefinition) => {
    const { group, version, plural: resource } = definition;
    return definition === requested ? attributes : { ...attributes, group, version, resource };
  };
  const served = (): readonly ResourceDefinition[] =>
    matchPolicy === "Exact" ? [requested] : [requested, ...equivalents(stored)];
  if (
    excluded.length > 0 &&
    served().some((definition) => excluded.some((rule) => ruleMatches(rule, at(definition))))
  ) return undefined;
  for (const definition of served()) {
    if (!rules.some((rule) => ruleMatches(rule, at(definition)))) continue;
    return { definition, kind: kindOf(definition, subresource) };
  }
  return undefined;
}
