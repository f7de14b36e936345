import type { RequestInfo } from "../ports.ts";

const CONNECT = new Set(["log", "exec", "attach", "portforward", "proxy"]);
const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const HEALTH = new Set(["/healthz", "/livez", "/readyz"]);
const APPLY = "application/apply-patch+yaml";

/** The labels that tell one kind of request from another. */
export interface RequestLabels {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
  readonly component: string;
}

/** The verb as metrics name it. Pure but for the header. */
export function metricVerb(request: Request, info: RequestInfo): string {
  const { method } = request;
  if (!info.isResourceRequest) {
    return method === "HEAD" ? "GET" : METHODS.has(method) ? method : "other";
  }
  if (CONNECT.has(info.subresource) || info.verb === "proxy") return "CONNECT";
  switch (info.verb) {
    case "list":
      return "LIST";
    case "watch":
      return "WATCH";
    case "deletecollection":
      return "DELETECOLLECTION";
    case "patch":
      return request.headers.get("content-type")?.startsWith(APPLY) ? "APPLY" : "PATCH";
    default:
      return method === "HEAD" ? "GET" : METHODS.has(method) ? method : "other";
  }
}

/** Pure. `known` is whether the server has that resource: what it has not must not make series. */
export function requestLabels(verb: string, info: RequestInfo, known: boolean): RequestLabels {
  if (!info.isResourceRequest || !known) {
    return {
      verb,
      group: "",
      version: "",
      resource: "",
      subresource: HEALTH.has(info.path) ? info.path : "",
      scope: "",
      component: info.isResourceRequest ? "apiserver" : "",
    };
  }
  return {
    verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    scope: scopeOf(info),
    component: "apiserver",
  };
}

/** Whether a request is about one object, a namespace or all. Pure. */
export function scopeOf({ name, verb, namespace }: RequestInfo): string {
  if (name !== "" || verb === "create") return "resource";
  return namespace !== "" ? "namespace" : "cluster";
}

/** `All`, nothing, or a word for what is wrong. Pure. */
export function dryRunLabel(query: URLSearchParams): string {
  const asked = query.getAll("dryRun").filter((each) => each !== "");
  if (asked.length === 0) return "";
  return asked.every((each) => each === "All") ? "All" : "invalid";
}
