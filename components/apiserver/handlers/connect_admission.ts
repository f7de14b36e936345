import type { KubeObject, ResourceDefinition } from "../../api/mod.ts";
import { trailOf } from "../audit/mod.ts";
import type { AdmissionRequest, RequestInfo, UserInfo } from "../ports.ts";
import type { WritePipeline } from "../registry/mod.ts";

const LISTS = new Set(["command", "ports"]);
const FLAGS = new Set(["stdin", "stdout", "stderr", "tty"]);
const KINDS: Readonly<Record<string, string>> = {
  exec: "PodExecOptions",
  attach: "PodAttachOptions",
  portforward: "PodPortForwardOptions",
};

/** Lets admission see that a connection to a pod, a Service or a node is opened: what it is for comes from the query. */
export async function admitConnect(
  pipeline: WritePipeline,
  asked: Request,
  definition: ResourceDefinition,
  info: RequestInfo,
  query: URLSearchParams,
  user: UserInfo,
  warn: (text: string) => void,
): Promise<void> {
  const trail = trailOf(asked);
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
    ...(trail === undefined ? {} : { annotate: (key, value) => trail.annotate(key, value) }),
  };
  await pipeline.admit(request);
  await pipeline.validate(request);
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
