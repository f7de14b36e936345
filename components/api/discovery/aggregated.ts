import type {
  GroupVersionKind,
  ResourceDefinition,
  SubresourceDefinition,
  Verb,
} from "../resource_definition.ts";
import { type Priorities, type ServedGroup, servedGroups } from "./groups.ts";

/** apidiscovery.k8s.io/v2: all of discovery in one document. */
export interface APIGroupDiscoveryList {
  kind: "APIGroupDiscoveryList";
  apiVersion: "apidiscovery.k8s.io/v2";
  metadata: Record<string, never>;
  items: APIGroupDiscovery[];
}

export interface APIGroupDiscovery {
  metadata: { name?: string; creationTimestamp: null };
  versions: APIVersionDiscovery[];
}

export interface APIVersionDiscovery {
  version: string;
  resources: APIResourceDiscovery[];
  /** `Stale` where an aggregated server did not answer. */
  freshness: "Current" | "Stale";
}

export interface APIResourceDiscovery {
  resource: string;
  responseKind: GroupVersionKind;
  scope: "Cluster" | "Namespaced";
  singularResource: string;
  verbs: Verb[];
  shortNames?: string[];
  categories?: string[];
  subresources?: APISubresourceDiscovery[];
}

export interface APISubresourceDiscovery {
  subresource: string;
  responseKind: GroupVersionKind;
  verbs: Verb[];
}

/** The media type that asks for the aggregated document. */
export const AGGREGATED_DISCOVERY =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/**
 * `/api` (`core`) or `/apis` (`groups`) in one document. Groups of
 * aggregated servers are for the caller to add.
 */
export function aggregatedDiscovery(
  definitions: Iterable<ResourceDefinition>,
  part: "core" | "groups",
  priorities?: Priorities,
): APIGroupDiscoveryList {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: servedGroups(definitions, priorities)
      .filter(({ name }) => (name === "") === (part === "core"))
      .map(groupItem),
  };
}

function groupItem({ name, versions }: ServedGroup): APIGroupDiscovery {
  return {
    metadata: { ...(name === "" ? {} : { name }), creationTimestamp: null },
    versions: versions.map(({ version, definitions }) => ({
      version,
      resources: [...definitions].sort((a, b) => (a.plural < b.plural ? -1 : 1)).map(resourceItem),
      freshness: "Current",
    })),
  };
}

function resourceItem(definition: ResourceDefinition): APIResourceDiscovery {
  const { plural, singular, kind, namespaced, verbs, shortNames, categories } = definition;
  const subresources = [...definition.subresources.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((sub) => subresourceItem(definition, sub));
  return {
    resource: plural,
    // Empty where they are those of the document around it.
    responseKind: { group: "", version: "", kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: [...verbs],
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function subresourceItem(
  parent: ResourceDefinition,
  { name, body, verbs }: SubresourceDefinition,
): APISubresourceDiscovery {
  const own = body.group === parent.group && body.version === parent.version;
  return {
    subresource: name,
    responseKind: own ? { group: "", version: "", kind: body.kind } : { ...body },
    verbs: [...verbs],
  };
}
