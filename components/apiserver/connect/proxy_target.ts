import ipaddr from "ipaddr.js";
import {
  badRequest,
  notFound,
  type Random,
  randomInteger,
  serviceUnavailable,
} from "../../base/mod.ts";
import type { EndpointSlice, ObjectReference, Pod, Service } from "../../api/served.ts";
import type { BackendTarget, KubeletAddress } from "../kubelet_connector.ts";
import type { ObjectReader } from "../ports.ts";
import { findPod, kubeletOf } from "./pod_location.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** The name in the path of a proxy: `name`, `name:port` or `scheme:name:port`. */
export interface ProxyName {
  readonly scheme: "http" | "https" | "";
  readonly name: string;
  readonly port: string;
}

/** Where a proxied request goes: a kubelet, which only its own connector may speak to, or a plain backend. */
export type ProxyTarget =
  | { readonly kubelet: KubeletAddress }
  | { readonly backend: BackendTarget };

/** Undefined for what is no such name. Pure. */
export function parseProxyName(text: string): ProxyName | undefined {
  const parts = text.split(":");
  const [scheme, name, port] = parts.length === 1
    ? ["", parts[0], ""]
    : parts.length === 2
    ? ["", ...parts]
    : parts;
  if (parts.length > 3 || name === undefined || name === "" || port === undefined) return undefined;
  if (scheme !== "" && scheme !== "http" && scheme !== "https") return undefined;
  return { scheme, name, port };
}

/** Finds what `pods/x`, `services/x` or `nodes/x` stands for. Throws as upstream: 400, 404, 503. */
export async function findProxyTarget(
  reader: ObjectReader,
  random: Random,
  resource: string,
  namespace: string,
  asked: string,
): Promise<ProxyTarget> {
  const parsed = parseProxyName(asked);
  if (parsed === undefined) {
    const what = resource === "services" ? "service" : resource === "pods" ? "pod" : "node";
    throw badRequest(`invalid ${what} request ${JSON.stringify(asked)}`);
  }
  switch (resource) {
    case "nodes":
      return nodeTarget(reader, parsed);
    case "pods":
      return { backend: await podTarget(reader, namespace, parsed) };
    default:
      return { backend: await serviceTarget(reader, random, namespace, parsed) };
  }
}

function nodeTarget(reader: ObjectReader, { scheme, name, port }: ProxyName): ProxyTarget {
  const kubelet = kubeletOf(reader, name);
  if (port === "" || Number(port) === kubelet.port) return { kubelet };
  if (isLocalAddress(kubelet.host)) throw badRequest("address not allowed");
  return {
    backend: { scheme: scheme || "http", host: kubelet.host, port: portNumber(port), node: name },
  };
}

async function podTarget(
  reader: ObjectReader,
  namespace: string,
  { scheme, name, port }: ProxyName,
): Promise<BackendTarget> {
  const pod = await findPod(reader, namespace, name);
  const host = pod.status?.podIP ?? "";
  if (host === "" || isLocalAddress(host)) throw badRequest("address not allowed");
  const first = (pod.spec?.containers ?? []).flatMap(({ ports }) => ports ?? [])[0]?.containerPort;
  const chosen = scheme || "http";
  const node = pod.spec?.nodeName;
  return {
    scheme: chosen,
    host,
    port: port === "" ? first ?? (chosen === "https" ? 443 : 80) : portNumber(port),
    ...(node === undefined ? {} : { node }),
  };
}

async function serviceTarget(
  reader: ObjectReader,
  random: Random,
  namespace: string,
  { scheme, name, port }: ProxyName,
): Promise<BackendTarget> {
  await Promise.all([
    reader.fresh("", "services"),
    reader.fresh("", "pods"),
    reader.fresh("discovery.k8s.io", "endpointslices"),
  ]);
  const service = reader.get<Service>("", "services", namespace, name);
  if (service === undefined) throw notFound({ group: "", resource: "services" }, name);
  const portName = servicePortName(service, port);
  const candidates: BackendTarget[] = [];
  for (const slice of reader.list<EndpointSlice>("discovery.k8s.io", "endpointslices", namespace)) {
    if (slice.metadata?.labels?.[SERVICE_NAME_LABEL] !== name) continue;
    const found = slice.ports?.find((each) => (each.name ?? "") === portName)?.port;
    if (found === undefined) continue;
    for (const { addresses, conditions, nodeName, targetRef } of slice.endpoints ?? []) {
      const host = addresses?.[0];
      if (host === undefined || conditions?.ready === false || isLocalAddress(host)) continue;
      if (!isPodAddress(reader, namespace, host, targetRef)) continue;
      const node = nodeName === undefined ? {} : { node: nodeName };
      candidates.push({ scheme: scheme || "http", host, port: found, ...node });
    }
  }
  const chosen = candidates[randomInteger(random, candidates.length)];
  if (chosen === undefined) {
    throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  }
  return chosen;
}

/** Whoever may write endpoints may not send the API server anywhere: only to pods, by the addresses they have. */
function isPodAddress(
  reader: ObjectReader,
  namespace: string,
  host: string,
  target: ObjectReference | undefined,
): boolean {
  if (target?.kind !== "Pod" || (target.namespace ?? namespace) !== namespace) return false;
  const { podIP, podIPs } = reader.get<Pod>("", "pods", namespace, target.name ?? "")?.status ?? {};
  return podIP === host || podIPs?.some(({ ip }) => ip === host) === true;
}

/** Slices know ports by name; a number is that of the Service. */
function servicePortName(service: Service, port: string): string {
  const ports = service.spec?.ports ?? [];
  if (!/^[0-9]+$/.test(port)) return port;
  const found = ports.find((each) => each.port === Number(port));
  if (found !== undefined) return found.name ?? "";
  const name = JSON.stringify(service.metadata?.name ?? "");
  throw serviceUnavailable(`no service port ${Number(port)} found for service ${name}`);
}

function portNumber(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw badRequest(`invalid port ${JSON.stringify(text)}`);
  return port;
}

const REFUSED_RANGES = new Set([
  "unspecified",
  "broadcast",
  "multicast",
  "linkLocal",
  "loopback",
]);

/**
 * Nobody may reach the API server's own machine, or what answers by link, through an object that claims such an
 * address. A name is none.
 */
export function isLocalAddress(address: string): boolean {
  return ipaddr.isValid(address) && REFUSED_RANGES.has(ipaddr.process(address).range());
}
