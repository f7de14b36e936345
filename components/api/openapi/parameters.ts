import type { JsonObject } from "../../base/mod.ts";
import type { OpenApiVersion } from "./schemas.ts";

const TYPES: Readonly<Record<string, "boolean" | "integer">> = {
  allowWatchBookmarks: "boolean",
  follow: "boolean",
  force: "boolean",
  gracePeriodSeconds: "integer",
  ignoreStoreReadErrorWithClusterBreakingPotential: "boolean",
  insecureSkipTLSVerifyBackend: "boolean",
  limit: "integer",
  limitBytes: "integer",
  orphanDependents: "boolean",
  ports: "integer",
  previous: "boolean",
  sendInitialEvents: "boolean",
  sinceSeconds: "integer",
  stderr: "boolean",
  stdin: "boolean",
  stdout: "boolean",
  tailLines: "integer",
  timeoutSeconds: "integer",
  timestamps: "boolean",
  tty: "boolean",
  watch: "boolean",
};

export const WRITE_PARAMETERS = ["dryRun", "fieldManager", "fieldValidation"];
export const PATCH_PARAMETERS = [...WRITE_PARAMETERS, "force"];
export const DELETE_PARAMETERS = [
  "dryRun",
  "gracePeriodSeconds",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "orphanDependents",
  "propagationPolicy",
];
/** What narrows a collection, for list, watch and deletecollection. */
export const SELECT_PARAMETERS = [
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "shardSelector",
  "timeoutSeconds",
];
export const LIST_PARAMETERS = ["allowWatchBookmarks", ...SELECT_PARAMETERS, "watch"];

const PROXY_PARAMETERS = ["path"];
const STREAM_PARAMETERS = ["container", "stderr", "stdin", "stdout", "tty"];
/** The query of what connects to a pod, a node or a service, by kind of its options. */
export const CONNECT_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  NodeProxyOptions: PROXY_PARAMETERS,
  PodAttachOptions: STREAM_PARAMETERS,
  PodExecOptions: ["command", ...STREAM_PARAMETERS],
  PodPortForwardOptions: ["ports"],
  PodProxyOptions: PROXY_PARAMETERS,
  ServiceProxyOptions: PROXY_PARAMETERS,
};
export const LOG_PARAMETERS = [
  "container",
  "follow",
  "insecureSkipTLSVerifyBackend",
  "limitBytes",
  "previous",
  "sinceSeconds",
  "stream",
  "tailLines",
  "timestamps",
];

/** A parameter of a query. */
export function queryParameter(name: string, version: OpenApiVersion): JsonObject {
  const type = TYPES[name] ?? "string";
  return version === 2
    ? { name, in: "query", type, uniqueItems: true }
    : { name, in: "query", schema: { type, uniqueItems: true } };
}

/** A parameter in a path. */
export function pathParameter(name: string, version: OpenApiVersion): JsonObject {
  const base = { name, in: "path", required: true };
  return version === 2
    ? { ...base, type: "string", uniqueItems: true }
    : { ...base, schema: { type: "string", uniqueItems: true } };
}
