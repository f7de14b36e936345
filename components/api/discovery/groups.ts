import type { ResourceDefinition } from "../resource_definition.ts";
import { compareVersions, type Priority, priorityOf } from "./priority.ts";

/** A group with its versions, the preferred one first. */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly ServedVersion[];
}

export interface ServedVersion {
  readonly version: string;
  readonly definitions: readonly ResourceDefinition[];
}

/** Priorities that differ from upstream's table, by `group/version`: those of registered API services. */
export type Priorities = ReadonlyMap<string, Priority>;

/** Sorts definitions into groups, in the order in which discovery lists them. */
export function servedGroups(
  definitions: Iterable<ResourceDefinition>,
  priorities: Priorities = new Map(),
): ServedGroup[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of definitions) {
    let versions = groups.get(definition.group);
    if (versions === undefined) groups.set(definition.group, versions = new Map());
    const list = versions.get(definition.version);
    if (list === undefined) versions.set(definition.version, [definition]);
    else list.push(definition);
  }
  const priority = (group: string, version: string) =>
    priorities.get(`${group}/${version}`) ?? priorityOf(group, version);
  const ranked = [...groups].map(([name, versions]) => {
    const sorted = [...versions.keys()].sort((a, b) =>
      priority(name, b).version - priority(name, a).version || compareVersions(a, b)
    );
    const rank = Math.max(...sorted.map((version) => priority(name, version).group));
    return {
      rank,
      group: {
        name,
        versions: sorted.map((version) => ({ version, definitions: versions.get(version) ?? [] })),
      },
    };
  });
  ranked.sort((a, b) => b.rank - a.rank || (a.group.name < b.group.name ? -1 : 1));
  return ranked.map(({ group }) => group);
}

/** `apps/v1`; the version alone for the core group. */
export function groupVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}
