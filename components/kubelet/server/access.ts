import type { DoorPeer } from "../../serving/mod.ts";

/** What a request wants of this node; any one of the subresources of `nodes` suffices. */
export interface NodeAccess {
  readonly verb: string;
  readonly subresources: readonly string[];
}

/** Lets a request pass (undefined), or answers it. */
export type Authorize = (
  request: Request,
  peer: DoorPeer,
  access: NodeAccess,
) => Promise<Response | undefined>;

const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** First path segments with a subresource of their own; all others are `proxy`. */
const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  pods: ["pods", "proxy"],
  runningpods: ["pods", "proxy"],
  healthz: ["healthz", "proxy"],
  configz: ["configz", "proxy"],
  flagz: ["configz", "proxy"],
  statusz: ["statusz", "proxy"],
  metrics: ["metrics"],
  stats: ["stats"],
  logs: ["log"],
  checkpoint: ["checkpoint"],
};

/** What a request to a path wants. Pure. */
export function nodeAccess(method: string, path: string): NodeAccess {
  const [segment = ""] = path.split("/").filter((part) => part !== "");
  return {
    verb: VERBS[method] ?? "get",
    subresources: Object.hasOwn(SUBRESOURCES, segment)
      ? SUBRESOURCES[segment] ?? ["proxy"]
      : ["proxy"],
  };
}
