/** What a cluster starts with. */
export { apiPriority } from "./api_services.ts";
export { Ensurer } from "./ensure.ts";
export { ensureFlowControl } from "./flow_control.ts";
export { type ApiServerEndpoint, ensureKubernetesService } from "./kubernetes_service.ts";
export { nodeRules } from "./roles.ts";
export { ServerLeases } from "./server_leases.ts";
export {
  bootstrapCluster,
  type BootstrapOptions,
  type BootstrapStep,
  bootstrapSteps,
} from "./steps.ts";
export {
  type AuthenticationInfo,
  SYSTEM_NAMESPACES,
  SYSTEM_PRIORITY_CLASSES,
} from "./system_objects.ts";
