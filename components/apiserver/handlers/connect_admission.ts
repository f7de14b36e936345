import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import { trailOf } from "../audit/mod.ts";
import { splitProxyPath } from "../connect/mod.ts";
import type { AdmissionRequest, RequestInfo, UserInfo } from "../ports.ts";
import type { WritePipeline } from "../registry/mod.ts";

const LISTS = new Set(["command", "ports"]);
const FLAGS = new Set(["stdin", "stdout", "stderr", "tty"]);
const KINDS: Readonly<Record<string, string>> = {
  exec: "PodExecOptions",
  attach: "PodAttachOptions",
  portforward: "PodPortForwardOptions",
};

/** What a connection is for, once admission has had its say. */
export interface AdmittedConnect {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
}

/**
 * Lets admission see that a connection to a pod, a Service or a node is opened: what it is for comes from the query.
 * Answers what it is for then: admission may change it.
 */
export async function admitConnect(
  pipeline: WritePipeline,
  received: Request,
  definition: ResourceDefinition,
  info: RequestInfo,
  query: URLSearchParams,
  user: UserInfo,
  warn: (text: string) => void,
): Promise<AdmittedConnect> {
  const trail = trailOf(received);
  const request: AdmissionRequest = {
    operation: "CONNECT",
    definition,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    object: connectOptions(definition, info, query),
    oldObject: undefined,
    user,
    dryRun: false,
    warn,
    ...(trail === undefined ? {} : { annotate: trail.annotate }),
  };
  const asked = JSON.stringify(request.object);
  await pipeline.admit(request);
  await pipeline.validate(request);
  return JSON.stringify(request.object) === asked
    ? { info, query }
    : changedConnect(request.object as unknown as Record<string, unknown>, info, query);
}

/** The connection that changed options stand for. What they do not hold stays as it was asked for. Pure. */
function changedConnect(
  options: Readonly<Record<string, unknown>>,
  info: RequestInfo,
  query: URLSearchParams,
): AdmittedConnect {
  if (info.subresource === "proxy") {
    const path = String(options["path"] ?? "").replace(/^\/+/, "");
    return { info: { ...info, path: `${splitProxyPath(info.path).prefix}/${path}` }, query };
  }
  const changed = new URLSearchParams(query);
  for (const name of ["container", ...FLAGS, ...LISTS]) {
    changed.delete(name);
    const value = options[name];
    for (const each of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      changed.append(name, String(each));
    }
  }
  return { info, query: changed };
}

/** PodExecOptions and its like. Pure. */
function connectOptions(
  { kind }: ResourceDefinition,
  { subresource, rest }: RequestInfo,
  query: URLSearchParams,
): KubeObject {
  const options: Record<string, unknown> = {
    kind: KINDS[subresource] ?? `${kind}ProxyOptions`,
    apiVersion: "v1",
  };
  if (subresource === "proxy") return { ...options, path: rest } as KubeObject;
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (name === "container") options[name] = values[0];
    else if (FLAGS.has(name)) options[name] = values[0] === "true" || values[0] === "1";
    else if (LISTS.has(name)) options[name] = name === "ports" ? values.map(Number) : values;
  }
  return options as KubeObject;
}
