import type { GroupVersionKind } from "../resource_definition.ts";
import { structNameOf } from "../schema/mod.ts";
import { hasPlan } from "./plan.ts";

/** The struct of the schema table that bodies of a kind are messages of; undefined for kinds without protobuf. */
export function structFor({ group, version, kind }: GroupVersionKind): string | undefined {
  // Status and the options are in every group's scheme, and the types of meta stand under one name.
  const names = [structNameOf(group === "meta.k8s.io" ? "meta" : group, version, kind)];
  if (group === "" && version === "v1") names.push(`meta.v1.${kind}`);
  return names.find(hasPlan);
}
