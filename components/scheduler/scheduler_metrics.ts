import type { MetricRegistry } from "../base/mod.ts";

const SECONDS = [
  0.001,
  0.002,
  0.004,
  0.008,
  0.016,
  0.032,
  0.064,
  0.128,
  0.256,
  0.512,
  1,
  2,
  4,
  8,
  16,
];

export interface SchedulerMetrics {
  attempt(result: "scheduled" | "unschedulable" | "error", profile: string, seconds: number): void;
  scheduled(seconds: number, attempts: number): void;
}

/** kube-scheduler's metrics under its names. */
export function schedulerMetrics(
  registry: MetricRegistry,
  depths: () => {
    readonly active: number;
    readonly backoff: number;
    readonly unschedulable: number;
  },
): SchedulerMetrics {
  const attempts = registry.counter(
    "scheduler_schedule_attempts_total",
    "Attempts to schedule pods by their result",
    ["result", "profile"],
  );
  const duration = registry.histogram(
    "scheduler_scheduling_attempt_duration_seconds",
    "Time of an attempt, binding included",
    SECONDS,
    ["result", "profile"],
  );
  const e2e = registry.histogram(
    "scheduler_pod_scheduling_sli_duration_seconds",
    "Time from a pod's arrival in the queue to its binding",
    SECONDS,
    ["attempts"],
  );
  const pending = registry.gauge("scheduler_pending_pods", "Pods that wait, by queue", ["queue"]);
  const update = () => {
    const { active, backoff, unschedulable } = depths();
    pending.set(active, "active");
    pending.set(backoff, "backoff");
    pending.set(unschedulable, "unschedulable");
  };
  return {
    attempt(result, profile, seconds) {
      attempts.add(1, result, profile);
      duration.observe(seconds, result, profile);
      update();
    },
    scheduled(seconds, attempts) {
      e2e.observe(seconds, String(Math.min(attempts, 16)));
      update();
    },
  };
}
