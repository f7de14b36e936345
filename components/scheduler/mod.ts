/** kube-scheduler: queue, snapshot in WebAssembly, decision, binding. */
export { startScheduler } from "./scheduler.ts";
export type {
  Scheduler,
  SchedulerOptions,
  UserPlugin,
  UserPluginContext,
} from "./scheduler_options.ts";
export { openCore } from "./open_core.ts";
export {
  ConfigurationError,
  defaultConfiguration,
  type ExtenderConfiguration,
  readConfiguration,
  type SchedulerConfiguration,
} from "./config/mod.ts";
export type { Explanation, NodeVerdict } from "./explanation/explanation.ts";
export { type ExplainedPod, schedulerHandler } from "./http/scheduler_server.ts";
export { type LoadedPlugins, loadPlugins } from "./plugins/user_plugins.ts";
export type { Extender } from "./extenders/extender.ts";
export { HttpExtender } from "./extenders/http_extender.ts";
