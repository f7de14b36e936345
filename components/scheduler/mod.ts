/** kube-scheduler: queue, snapshot in WebAssembly, decision, binding. */
export { type Scheduler, type SchedulerOptions, startScheduler } from "./scheduler.ts";
export type { Explanation, NodeVerdict } from "./explanation.ts";
