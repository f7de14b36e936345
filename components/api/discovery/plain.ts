import type { APIGroup, APIGroupList, APIResource, APIResourceList } from "../generated/types.ts";
import type { APIVersions } from "../generated/types.ts";
import type { ResourceDefinition, SubresourceDefinition } from "../resource_definition.ts";
import { groupVersionOf, type Priorities, type ServedGroup, servedGroups } from "./groups.ts";
import { storageVersionHash } from "./storage_hash.ts";

/** `/api`. `serverAddress` is `host:port` as clients reach it. */
export function apiVersions(serverAddress: string): APIVersions {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** `/apis`: every group but the core one. */
export function apiGroupList(
  definitions: Iterable<ResourceDefinition>,
  priorities?: Priorities,
): APIGroupList {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: servedGroups(definitions, priorities).filter(({ name }) => name !== "").map(groupBody),
  };
}

/** `/apis/<group>`; undefined for a group without definitions. */
export function apiGroup(
  definitions: Iterable<ResourceDefinition>,
  name: string,
  priorities?: Priorities,
): APIGroup | undefined {
  const group = servedGroups(definitions, priorities).find((served) => served.name === name);
  return group && { kind: "APIGroup", apiVersion: "v1", ...groupBody(group) };
}

function groupBody({ name, versions }: ServedGroup): APIGroup {
  const list = versions.map(({ version }) => ({
    groupVersion: groupVersionOf(name, version),
    version,
  }));
  return { name, versions: list, ...(list[0] === undefined ? {} : { preferredVersion: list[0] }) };
}

/** `/api/v1` and `/apis/<group>/<version>`: the definitions of that version, sorted by name. */
export function apiResourceList(
  definitions: Iterable<ResourceDefinition>,
  group: string,
  version: string,
): APIResourceList {
  const resources: APIResource[] = [];
  for (const definition of definitions) {
    if (definition.group !== group || definition.version !== version) continue;
    resources.push(resourceBody(definition));
    for (const sub of definition.subresources.values()) {
      resources.push(subresourceBody(definition, sub));
    }
  }
  resources.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  return {
    kind: "APIResourceList",
    // The core group's list has none, as ever.
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: groupVersionOf(group, version),
    resources,
  };
}

function resourceBody(definition: ResourceDefinition): APIResource {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories, storage } = definition;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...verbs],
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
    ...(storage === undefined ? {} : { storageVersionHash: storageVersionHash(storage) }),
  };
}

function subresourceBody(parent: ResourceDefinition, sub: SubresourceDefinition): APIResource {
  const { group, version, kind } = sub.body;
  const foreign = group !== parent.group || version !== parent.version;
  return {
    name: `${parent.plural}/${sub.name}`,
    singularName: "",
    namespaced: parent.namespaced,
    ...(foreign ? { group, version } : {}),
    kind,
    verbs: [...sub.verbs],
  };
}
