/** The machine: the only room that runs programs and makes namespaces, links, rules, mounts and cgroups. */
export * from "./capabilities.ts";
export * from "./cgroups.ts";
export * from "./detached.ts";
export * from "./disk_usage.ts";
export * from "./fabric.ts";
export * from "./ip.ts";
export * from "./mounts.ts";
export * from "./network_namespace.ts";
export * from "./nft.ts";
export * from "./node_namespace.ts";
export { PodRangeError } from "./pod_range.ts";
export { PortInUseError, type PortProtocol } from "./port_claims.ts";
export type { PortForward } from "./port_forwards.ts";
export * from "./processes.ts";
export * from "./program.ts";
export * from "./requirements.ts";
export * from "./state_file.ts";
export * from "./subnet.ts";
