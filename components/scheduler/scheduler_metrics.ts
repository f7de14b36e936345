import type { MetricRegistry } from "../base/mod.ts";

/** `count` bounds that rise from `first` by a factor. */
function exponential(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((first * factor ** i).toPrecision(12)));
}

const ATTEMPT_SECONDS = exponential(0.001, 2, 15);
const SLI_SECONDS = exponential(0.01, 2, 20);
const POINT_SECONDS = exponential(0.0001, 2, 12);

export type AttemptResult = "scheduled" | "unschedulable" | "error";

export interface SchedulerMetrics {
  attempt(result: AttemptResult, profile: string, seconds: number): void;
  /** The decision alone. */
  decided(seconds: number): void;
  scheduled(seconds: number, attempts: number): void;
  incoming(queue: string, event: string): void;
  victims(count: number): void;
  permitWaited(result: string, seconds: number): void;
  point(point: string, status: string, profile: string, seconds: number): void;
}

/** What gauges show, looked up at each exposition. */
export interface SchedulerGauges {
  depths(): Readonly<Record<"active" | "backoff" | "unschedulable" | "gated", number>>;
  restingBy(): ReadonlyMap<string, number>;
  readonly nodes: number;
  readonly pods: number;
  readonly assumed: number;
  readonly eventsInFlight: number;
  readonly binding: number;
  readonly profile: string;
}

/** kube-scheduler's metrics under its names. */
export function schedulerMetrics(
  registry: MetricRegistry,
  gauges: SchedulerGauges,
): SchedulerMetrics {
  const attempts = registry.counter(
    "scheduler_schedule_attempts_total",
    "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
    ["result", "profile"],
  );
  const duration = registry.histogram(
    "scheduler_scheduling_attempt_duration_seconds",
    "[STABLE] Scheduling attempt latency in seconds (scheduling algorithm + binding)",
    ATTEMPT_SECONDS,
    ["result", "profile"],
  );
  const algorithm = registry.histogram(
    "scheduler_scheduling_algorithm_duration_seconds",
    "[ALPHA] Scheduling algorithm latency in seconds",
    ATTEMPT_SECONDS,
  );
  const sli = registry.histogram(
    "scheduler_pod_scheduling_sli_duration_seconds",
    "[BETA] E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.",
    SLI_SECONDS,
    ["attempts"],
  );
  const tries = registry.histogram(
    "scheduler_pod_scheduling_attempts",
    "[STABLE] Number of attempts to successfully schedule a pod.",
    [1, 2, 4, 8, 16],
  );
  const incoming = registry.counter(
    "scheduler_queue_incoming_pods_total",
    "[STABLE] Number of pods added to scheduling queues by event and queue type.",
    ["event", "queue"],
  );
  const preemptions = registry.counter(
    "scheduler_preemption_attempts_total",
    "[STABLE] Total preemption attempts in the cluster till now",
  );
  const victims = registry.histogram(
    "scheduler_preemption_victims",
    "[STABLE] Number of selected preemption victims",
    [1, 2, 4, 8, 16, 32, 64],
  );
  const permit = registry.histogram(
    "scheduler_permit_wait_duration_seconds",
    "[ALPHA] Duration of waiting on permit.",
    ATTEMPT_SECONDS,
    ["result"],
  );
  const points = registry.histogram(
    "scheduler_framework_extension_point_duration_seconds",
    "[STABLE] Latency for running all plugins of a specific extension point.",
    POINT_SECONDS,
    ["extension_point", "status", "profile"],
  );
  const pending = registry.gauge(
    "scheduler_pending_pods",
    "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
    ["queue"],
  );
  const unschedulable = registry.gauge(
    "scheduler_unschedulable_pods",
    "[ALPHA] The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.",
    ["plugin", "profile"],
  );
  const cache = registry.gauge(
    "scheduler_cache_size",
    "[ALPHA] Number of nodes, pods, and assumed (bound) pods in the scheduler cache.",
    ["type"],
  );
  const inFlight = registry.gauge(
    "scheduler_inflight_events",
    "[ALPHA] Number of events currently tracked in the scheduling queue.",
    ["event"],
  );
  const goroutines = registry.gauge(
    "scheduler_goroutines",
    "[ALPHA] Number of running goroutines split by the work they do such as binding.",
    ["operation"],
  );
  registry.onCollect(() => {
    for (const [queue, size] of Object.entries(gauges.depths())) pending.set(size, queue);
    unschedulable.clear();
    for (const [plugin, pods] of gauges.restingBy()) {
      unschedulable.set(pods, plugin, gauges.profile);
    }
    cache.set(gauges.nodes, "nodes");
    cache.set(gauges.pods, "pods");
    cache.set(gauges.assumed, "assumed_pods");
    inFlight.set(gauges.eventsInFlight, "Total");
    goroutines.set(gauges.binding, "binding");
  });
  const algorithmSeries = algorithm.series();
  return {
    attempt(result, profile, seconds) {
      attempts.add(1, result, profile);
      duration.observe(seconds, result, profile);
    },
    decided: (seconds) => algorithmSeries.observe(seconds),
    scheduled(seconds, count) {
      sli.observe(seconds, String(Math.min(count, 16)));
      tries.observe(count);
    },
    incoming: (queue, event) => incoming.add(1, event, queue),
    victims(count) {
      preemptions.add(1);
      victims.observe(count);
    },
    permitWaited: (result, seconds) => permit.observe(seconds, result),
    point: (point, status, profile, seconds) => points.observe(seconds, point, status, profile),
  };
}
