import { badRequest, internalError, notFound } from "../../base/mod.ts";
import type { Node, Pod } from "../../api/served.ts";
import { allContainers } from "../authz/mod.ts";
import type { KubeletAddress } from "../kubelet_connector.ts";
import type { ObjectReader } from "../ports.ts";

const KUBELET_PORT = 10250;

/** Kinds of a node's addresses, best first, as kubeadm sets them: names of nodes are seldom known to a resolver. */
const ADDRESS_TYPES = ["InternalIP", "ExternalIP", "Hostname", "InternalDNS", "ExternalDNS"];

/** The pod as it is now; 404 where there is none. */
export async function findPod(reader: ObjectReader, namespace: string, name: string): Promise<Pod> {
  await reader.fresh("", "pods");
  const pod = reader.get<Pod>("", "pods", namespace, name);
  if (pod === undefined) throw notFound({ group: "", resource: "pods" }, name);
  return pod;
}

/** The node's kubelet; 404 where there is no such node, 500 for one that has told no address. */
export function kubeletOf(reader: ObjectReader, nodeName: string): KubeletAddress {
  const node = reader.get<Node>("", "nodes", "", nodeName);
  if (node === undefined) throw notFound({ group: "", resource: "nodes" }, nodeName);
  const addresses = node.status?.addresses ?? [];
  for (const type of ADDRESS_TYPES) {
    const host = addresses.find((address) => address.type === type)?.address;
    if (host === undefined || host === "") continue;
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
    return { node: nodeName, host, port };
  }
  throw internalError(`no preferred addresses found; known addresses: []`);
}

/** The kubelet of a pod's node; 400 for a pod without one. */
export function podKubelet(reader: ObjectReader, pod: Pod): KubeletAddress {
  const nodeName = pod.spec?.nodeName ?? "";
  if (nodeName === "") {
    throw badRequest(`pod ${pod.metadata?.name ?? ""} does not have a host assigned`);
  }
  return kubeletOf(reader, nodeName);
}

/** The container that is asked for; a pod's only one goes without saying. 400 where that is unclear or wrong. */
export function containerOf(pod: Pod, asked: string): string {
  const name = pod.metadata?.name ?? "";
  if (asked !== "") {
    if (allContainers(pod.spec ?? {}).some((container) => container.name === asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const containers = (pod.spec?.containers ?? []).map((container) => container.name ?? "");
  if (containers.length === 1) return containers[0] ?? "";
  const text = `a container name must be specified for pod ${name}`;
  if (containers.length === 0) throw badRequest(text);
  const initial = (pod.spec?.initContainers ?? []).map((container) => container.name ?? "");
  throw badRequest(
    `${text}, choose one of: [${containers.join(" ")}]` +
      (initial.length === 0 ? "" : ` or one of the init containers: [${initial.join(" ")}]`),
  );
}
