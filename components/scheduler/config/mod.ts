/** KubeSchedulerConfiguration v1. */
export * from "./configuration.ts";
export { argsOf } from "./defaults.ts";
export * from "./plugin_catalog.ts";
export * from "./profile_plugins.ts";
export * from "./read_configuration.ts";
export { ConfigurationError } from "./shape.ts";
