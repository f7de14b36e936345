import {
  AGGREGATED_DISCOVERY,
  aggregatedDiscovery,
  apiGroup,
  type APIGroupDiscovery,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type Priorities,
  type ResourceDefinition,
} from "../../api/mod.ts";
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
    if (part === "groups") document.items.push(...otherGroups?.() ?? []);
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
    if (group === "") return apiGroupList(all, priorities?.());
    if (version === "") return apiGroup(all, group, priorities?.());
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
