/** What every room may use: time, randomness, errors, queues, logs and metrics. */
export * from "./api_error.ts";
export * from "./backoff.ts";
export * from "./bounded_queue.ts";
export * from "./clock.ts";
export * from "./duration.ts";
export { eventTurn } from "./event_turn.ts";
export * from "./fake_clock.ts";
export * from "./feature_gates.ts";
export * from "./invariant.ts";
export * from "./json.ts";
export * from "./kubernetes_version.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./process_metrics.ts";
export * from "./random.ts";
export * from "./shutdown.ts";
export * from "./status.ts";
