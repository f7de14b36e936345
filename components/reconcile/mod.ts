/** How every controller is built: reflect, cache, queue, reconcile, tell. */
export * from "./control_loop.ts";
export * from "./event_recorder.ts";
export * from "./indexed_cache.ts";
export * from "./informer.ts";
export * from "./leader_election.ts";
export * from "./object_key.ts";
export * from "./work_queue.ts";
export * from "./without_managed_fields.ts";
