import type { ServiceSpec } from "../../api/served.ts";

export const HEADLESS = "None";

/** What a service of that shape has. `type` is defaulted before. */
export const needsClusterIp = ({ type }: ServiceSpec): boolean => type !== "ExternalName";

export const isHeadless = ({ clusterIP, type }: ServiceSpec): boolean =>
  type !== "ExternalName" && clusterIP === HEADLESS;

export const needsNodePort = ({ type }: ServiceSpec): boolean =>
  type === "NodePort" || type === "LoadBalancer";

/** A load balancer may reach pods without node ports: then only those asked for are given. */
export const allocatesNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false);

export const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

export const hasExternalTraffic = (spec: ServiceSpec): boolean =>
  needsNodePort(spec) || (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);
