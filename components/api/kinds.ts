import { definitionOf } from "./kinds/definition.ts";
import { readResourceTable } from "./kinds/resource_table.ts";
import type { GroupVersionKind, ResourceDefinition } from "./resource_definition.ts";

/** One definition for every resource that Kubernetes 1.36 serves by default, in discovery's order. */
export const BUILTIN_KINDS: readonly ResourceDefinition[] = readResourceTable().map(definitionOf);

const byKind = new Map(BUILTIN_KINDS.map((definition) => [keyOf(definition), definition]));

/** The built-in definition of a kind. */
export function builtinKind(kind: GroupVersionKind): ResourceDefinition | undefined {
  return byKind.get(keyOf(kind));
}

function keyOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}
