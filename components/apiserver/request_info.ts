import type { RequestInfo } from "./ports.ts";

/** Verbs that older clients put into the path. */
const PATH_VERBS = new Set(["proxy", "watch"]);
/** What follows a namespace's name and is not a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);
const METHOD_VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const LONG_RUNNING_VERBS = new Set(["watch", "proxy"]);
const LONG_RUNNING_SUBRESOURCES = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/**
 * What a request asks for, from its method, its path as sent and its query. Paths outside `/api/<version>/…` and
 * `/apis/<group>/<version>/…` are not resource requests; their verb is the method in lower case.
 */
export function parseRequestInfo(
  method: string,
  path: string,
  query: URLSearchParams | undefined,
): RequestInfo {
  const segments = path.split("/").filter((segment) => segment !== "");
  const root = segments[0];
  const versionAt = root === "api" ? 1 : root === "apis" ? 2 : -1;
  if (versionAt < 0 || segments.length < versionAt + 2) return nonResource(method, path);
  const group = root === "api" ? "" : decode(segments[1] ?? "");
  const version = decode(segments[versionAt] ?? "");
  let at = versionAt + 1;
  let verb = METHOD_VERBS[method] ?? "";
  if (PATH_VERBS.has(segments[at] ?? "")) {
    if (segments.length < at + 2) return nonResource(method, path);
    verb = segments[at++] ?? "";
  }
  let namespace = "";
  if (segments[at] === "namespaces" && segments.length > at + 1) {
    namespace = decode(segments[at + 1] ?? "");
    if (segments.length > at + 2 && !NAMESPACE_SUBRESOURCES.has(segments[at + 2] ?? "")) at += 2;
  }
  const resource = decode(segments[at] ?? "");
  let name = decode(segments[at + 1] ?? "");
  const subresource = verb === "proxy" ? "" : decode(segments[at + 2] ?? "");
  const rest = segments.slice(at + 3).join("/");
  if (name === "") {
    if (verb === "get") verb = isTrue(query?.get("watch")) ? "watch" : "list";
    if (verb === "delete") verb = "deletecollection";
    if (verb === "list" || verb === "watch") name = selectedName(query?.get("fieldSelector"));
  }
  return {
    isResourceRequest: true,
    path,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    rest,
  };
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    group: "",
    version: "",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    rest: "",
  };
}

/** True for requests that may last: they are outside of timeouts and of what bounds requests in flight. */
export function isLongRunning({ verb, subresource, isResourceRequest }: RequestInfo): boolean {
  return isResourceRequest &&
    (LONG_RUNNING_VERBS.has(verb) || LONG_RUNNING_SUBRESOURCES.has(subresource));
}

/** How upstream reads a boolean of a query: a name without a value counts. */
export function isTrue(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && value !== "0" && value.toLowerCase() !== "false";
}

/** The name that `metadata.name=x` asks for, which authorization then sees. */
function selectedName(selector: string | null | undefined): string {
  if (!selector) return "";
  for (const term of selector.split(",")) {
    const match = term.startsWith("metadata.name==")
      ? term.slice("metadata.name==".length)
      : term.startsWith("metadata.name=")
      ? term.slice("metadata.name=".length)
      : "";
    if (match !== "" && !match.includes("/") && !match.includes("%") && !match.includes("\\")) {
      return match;
    }
  }
  return "";
}

/** A segment that is not properly encoded is taken as it stands. */
function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
