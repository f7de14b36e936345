import type { Pod, Service, ServicePort } from "../../api/mod.ts";
import { isGoing, isReady, isTerminal } from "../pod_state.ts";

export const HEADLESS_LABEL = "service.kubernetes.io/headless";
export const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";

export type Family = "IPv4" | "IPv6";

/** A port of a service as one pod offers it. */
export interface ResolvedPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

export const isHeadless = (service: Service): boolean =>
  service.spec?.clusterIP === "None" || (service.spec?.clusterIP ?? "") === "";

/** Where a service leads by its pods; false for those that lead elsewhere or are led by hand. */
export function followsPods(service: Service): boolean {
  return service.spec?.type !== "ExternalName" &&
    Object.keys(service.spec?.selector ?? {}).length > 0;
}

export function familiesOf(service: Service): Family[] {
  const families = service.spec?.ipFamilies ?? [];
  return families.length === 0 ? ["IPv4"] : families as Family[];
}

export function podAddress(pod: Pod, family: Family): string | undefined {
  const all = pod.status?.podIPs?.map(({ ip }) => ip) ?? [pod.status?.podIP];
  return all.find((ip) =>
    ip !== undefined && ip !== "" && ip.includes(":") === (family === "IPv6")
  );
}

/** The number that a service's port means on a pod; undefined where the pod names no such port. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort;
  if (typeof target === "number" && target !== 0) return target;
  if (target === undefined || target === "" || target === 0) return port.port;
  const sidecars = (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  for (const container of [...pod.spec?.containers ?? [], ...sidecars]) {
    for (const { name, containerPort, protocol = "TCP" } of container.ports ?? []) {
      if (name === target && protocol === (port.protocol ?? "TCP")) return containerPort;
    }
  }
  return undefined;
}

export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  const ports: ResolvedPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(pod, port);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? "",
      port: number,
      protocol: port.protocol ?? "TCP",
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return ports;
}

/** The host name that a pod has in the service's domain. */
export function hostnameOf(service: Service, pod: Pod): string | undefined {
  const { hostname = "", subdomain } = pod.spec ?? {};
  const isNamed = hostname !== "" && subdomain === service.metadata?.name &&
    pod.metadata?.namespace === service.metadata?.namespace;
  return isNamed ? hostname : undefined;
}

export function targetReference(pod: Pod) {
  return {
    kind: "Pod",
    namespace: pod.metadata?.namespace ?? "",
    name: pod.metadata?.name ?? "",
    uid: pod.metadata?.uid ?? "",
  };
}

/** All of a pod that endpoints are made of: a change of anything else is no news. */
export function endpointFacts(pod: Pod | undefined): string {
  if (pod === undefined || isTerminal(pod)) return "";
  const ips = pod.status?.podIPs?.map(({ ip }) => ip).join() ?? pod.status?.podIP ?? "";
  if (ips === "") return "";
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  const labels = pod.metadata?.labels ?? {};
  return JSON.stringify([
    ips,
    isReady(pod),
    isGoing(pod),
    nodeName,
    hostname,
    subdomain,
    Object.keys(labels).sort().map((key) => [key, labels[key]]),
  ]);
}
