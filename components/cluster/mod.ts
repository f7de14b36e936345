/** The composition root: chooses stores, runtimes and providers, and starts the roles. */
export * from "./cluster.ts";
export * from "./connection.ts";
export * from "./data_directory.ts";
export * from "./kubeconfig_file.ts";
export * from "./log_file.ts";
export { type EtcdChoice, parseEtcdServers } from "./open_store.ts";
export * from "./network.ts";
export { checkRange, type NetworkRanges } from "./network_ranges.ts";
export * from "./chosen_options.ts";
export * from "./start_error.ts";
export * from "./version.ts";
export * from "./control_plane.ts";
export * from "./detach.ts";
export * from "./instance.ts";
export * from "./stop.ts";
export type { LeftNode } from "./left_nodes.ts";
export * from "./component_log.ts";
export * from "./reset.ts";
export * from "./status.ts";
export * from "./user_kubeconfig.ts";
export * from "./node_files.ts";
/** Loaded only in a node's own process. */
export const loadNode = () => import("./node_main.ts");
export * from "./doctor.ts";
export * from "./explain_pod.ts";
export { askScheduler } from "./scheduler_question.ts";
export {
  type ElectionOptions,
  type RoleProcessOptions,
  startApiServerProcess,
  startControllerManagerProcess,
  startDnsProcess,
  startHollowProcess,
  startProxyProcess,
} from "./role_process.ts";
/** Loaded only where a scheduler runs. */
export const loadScheduler = () => import("./scheduler_process.ts");
export { type ApiServerFlags, checkApiServerFlags } from "./api_server_settings.ts";
export * from "./node_images.ts";
export { AUDIT_MODES, type AuditMode } from "../apiserver/mod.ts";
export type { AuditFiles, ServerChoice } from "./server_files.ts";
