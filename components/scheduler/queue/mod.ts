/** Pods that wait, and what wakes them. */
export * from "./cluster_event.ts";
export * from "./default_hints.ts";
export * from "./hint_table.ts";
export * from "./known_node.ts";
export * from "./known_pod.ts";
export * from "./queued_pod.ts";
export * from "./queueing_hint.ts";
export * from "./scheduling_queue.ts";
