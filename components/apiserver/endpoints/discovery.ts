import {
  AGGREGATED_DISCOVERY,
  aggregatedDiscovery,
  type APIGroup,
  apiGroup,
  type APIGroupDiscovery,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type Priorities,
  type ResourceDefinition,
} from "../../api/served.ts";
import {
  JSON_TYPE,
  negotiate,
  parseAccept,
  PROTOBUF_TYPE,
  writeObject,
} from "../negotiation/mod.ts";
import { type Endpoint, type EndpointRequest, pageNotFound } from "./endpoint.ts";
import { Remembered } from "./remembered.ts";
import { type TaggedBody, taggedJson, taggedResponse } from "./tagged.ts";

export interface DiscoveryOptions {
  readonly definitions: { all(): readonly ResourceDefinition[] };
  /** `host:port` as clients reach this server. */
  readonly serverAddress: string;
  /** Priorities of registered API services. */
  readonly priorities?: () => Priorities;
  /** Groups that other servers behind this one serve, for the aggregated document. */
  readonly otherGroups?: () => readonly APIGroupDiscovery[];
}

/** `/api`, `/apis` and what lies under them down to the version. */
export function serveDiscovery(options: DiscoveryOptions): Endpoint {
  const { definitions, serverAddress, priorities, otherGroups } = options;
  const documents = {
    core: new Remembered((parts: readonly object[]) => aggregated(parts, "core")),
    groups: new Remembered((parts: readonly object[]) => aggregated(parts, "groups")),
  };

  function aggregated(_parts: readonly object[], part: "core" | "groups"): TaggedBody {
    const document = aggregatedDiscovery(definitions.all(), part, priorities?.());
    if (part === "groups") addGroups(document.items, otherGroups?.() ?? []);
    return taggedJson(document);
  }

  function plain({ path }: EndpointRequest): object | undefined {
    const all = definitions.all();
    const [root, group = "", version = "", ...more] = path.split("/").slice(1);
    if (more.length > 0) return undefined;
    if (root === "api") {
      if (group === "") return apiVersions(serverAddress);
      return version === "" ? served(all, "", group) : undefined;
    }
    const others = otherGroups?.() ?? [];
    if (group === "") {
      const list = apiGroupList(all, priorities?.());
      return { ...list, groups: withGroups(list.groups ?? [], others) };
    }
    if (version === "") {
      const own = apiGroup(all, group, priorities?.());
      const named = others.filter(({ metadata }) => metadata.name === group);
      const [found] = withGroups(own === undefined ? [] : [own], named);
      return found === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...found };
    }
    return served(all, group, version);
  }

  return async (asked) => {
    const { request, path } = asked;
    const isRoot = path === "/api" || path === "/apis";
    if (isRoot && wantsAggregated(request.headers.get("accept"))) {
      const part = path === "/api" ? "core" : "groups";
      const parts = [...definitions.all(), ...part === "groups" ? otherGroups?.() ?? [] : []];
      return await taggedResponse(documents[part].of(parts), request, {
        "content-type": AGGREGATED_DISCOVERY,
        "cache-control": "public",
        vary: "Accept",
      });
    }
    const document = plain(asked);
    if (document === undefined) return pageNotFound();
    const negotiated = negotiate(request.headers.get("accept"), {
      table: false,
      metadata: false,
      protobuf: true,
    });
    const response = await writeObject(document, negotiated, request);
    if (isRoot) response.headers.append("vary", "Accept");
    return response;
  };
}

/** Puts groups of other servers behind this server's own; versions of a group that both serve stand together. */
function addGroups(items: APIGroupDiscovery[], others: readonly APIGroupDiscovery[]): void {
  for (const other of others) {
    const known = items.findIndex(({ metadata }) => metadata.name === other.metadata.name);
    if (known < 0) items.push(other);
    else items[known] = joined(items[known]!, other);
  }
}

function joined(own: APIGroupDiscovery, other: APIGroupDiscovery): APIGroupDiscovery {
  const others = new Set(other.versions.map(({ version }) => version));
  const kept = own.versions.filter(({ version }) => !others.has(version));
  return { ...own, versions: [...kept, ...other.versions] };
}

function withGroups(groups: readonly APIGroup[], others: readonly APIGroupDiscovery[]): APIGroup[] {
  const all = [...groups];
  for (const { metadata: { name = "" }, versions } of others) {
    const listed = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
    const at = all.findIndex((each) => each.name === name);
    const own = all[at]?.versions ?? [];
    const more = listed.filter(({ version }) => !own.some((each) => each.version === version));
    const merged = [...own, ...more];
    const group: APIGroup = {
      name,
      versions: merged,
      ...(merged[0] === undefined ? {} : { preferredVersion: merged[0] }),
    };
    if (at < 0) all.push(group);
    else all[at] = group;
  }
  return all;
}

function served(all: readonly ResourceDefinition[], group: string, version: string) {
  const has = all.some((each) => each.group === group && each.version === version);
  return has ? apiResourceList(all, group, version) : undefined;
}

/** True for a client that asks for the aggregated document before the plain one. */
function wantsAggregated(accept: string | null): boolean {
  for (const { type, subtype, parameters } of parseAccept(accept ?? "")) {
    const mediaType = `${type}/${subtype}`;
    if (parameters.as === undefined) {
      if (mediaType === JSON_TYPE || mediaType === PROTOBUF_TYPE || mediaType === "*/*") {
        return false;
      }
    } else if (
      (mediaType === JSON_TYPE || mediaType === "*/*") &&
      parameters.as === "APIGroupDiscoveryList" && parameters.g === "apidiscovery.k8s.io" &&
      parameters.v === "v2"
    ) {
      return true;
    }
  }
  return false;
}
