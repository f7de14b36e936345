import { type Client, errorOf } from "../client/mod.ts";

/** A served resource, in the version that its group prefers. */
export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Discovery {
  readonly resources: readonly ServedResource[];
  /** Groups that did not answer, with why: their resources are unknown, not gone. */
  readonly failures: readonly { readonly groupVersion: string; readonly error: string }[];
}

interface AggregatedGroups {
  kind?: string;
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        responseKind?: { kind?: string };
        scope?: string;
        verbs?: string[];
      }[];
    }[];
  }[];
}

interface GroupList {
  groups?: {
    name: string;
    versions?: { version: string }[];
    preferredVersion?: { version: string };
  }[];
}

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[];
}

const AGGREGATED =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/** Asks a server what it serves: two requests where it knows aggregated discovery, else one a group version. */
export async function discover(client: Client): Promise<Discovery> {
  const [core, groups] = await Promise.all([
    fetchJson<AggregatedGroups>(client, "/api", AGGREGATED),
    fetchJson<AggregatedGroups & GroupList>(client, "/apis", AGGREGATED),
  ]);
  if (core.kind === "APIGroupDiscoveryList" && groups.kind === "APIGroupDiscoveryList") {
    return readAggregated([...core.items ?? [], ...groups.items ?? []]);
  }
  return await discoverEach(client, groups);
}

function readAggregated(groups: NonNullable<AggregatedGroups["items"]>): Discovery {
  const found = new Map<string, ServedResource>();
  const failures: { groupVersion: string; error: string }[] = [];
  for (const item of groups) {
    const group = item.metadata?.name ?? "";
    for (const { version, freshness, resources } of item.versions ?? []) {
      if (freshness === "Stale") {
        failures.push({
          groupVersion: `${group}/${version}`,
          error: "stale GroupVersion discovery",
        });
      }
      for (const { resource, responseKind, scope, verbs } of resources ?? []) {
        add(found, {
          group,
          version,
          resource,
          kind: responseKind?.kind ?? "",
          namespaced: scope === "Namespaced",
          verbs: verbs ?? [],
        });
      }
    }
  }
  return { resources: [...found.values()], failures };
}

async function discoverEach(client: Client, list: GroupList): Promise<Discovery> {
  const found = new Map<string, ServedResource>();
  const failures: { groupVersion: string; error: string }[] = [];
  const versions = [{ group: "", version: "v1", path: "/api/v1" }];
  for (const { name, preferredVersion, versions: all = [] } of list.groups ?? []) {
    const preferred = preferredVersion?.version;
    const order = [...all].sort((a, b) => +(b.version === preferred) - +(a.version === preferred));
    for (const { version } of order) {
      versions.push({ group: name, version, path: `/apis/${name}/${version}` });
    }
  }
  const answers = await Promise.allSettled(
    versions.map(({ path }) => fetchJson<ResourceList>(client, path, "application/json")),
  );
  for (const [i, answer] of answers.entries()) {
    const { group, version } = versions[i]!;
    if (answer.status === "rejected") {
      failures.push({ groupVersion: `${group}/${version}`, error: String(answer.reason) });
      continue;
    }
    for (const { name, kind, namespaced, verbs = [] } of answer.value.resources ?? []) {
      if (!name.includes("/")) {
        add(found, { group, version, resource: name, kind, namespaced, verbs });
      }
    }
  }
  return { resources: [...found.values()], failures };
}

/** The first version that serves a resource is the preferred one. */
function add(found: Map<string, ServedResource>, resource: ServedResource): void {
  const key = `${resource.resource}.${resource.group}`;
  if (!found.has(key)) found.set(key, resource);
}

async function fetchJson<T>(client: Client, path: string, accept: string): Promise<T> {
  const response = await client.request("GET", path, undefined, undefined, undefined, accept);
  if (!response.ok) throw await errorOf(response);
  return await response.json() as T;
}
