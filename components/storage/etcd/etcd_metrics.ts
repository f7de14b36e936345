import type { MetricRegistry } from "../../base/mod.ts";

const SECONDS = [
  0.005,
  0.025,
  0.05,
  0.1,
  0.2,
  0.4,
  0.6,
  0.8,
  1,
  1.25,
  1.5,
  2,
  3,
  4,
  5,
  6,
  8,
  10,
  15,
  20,
  30,
  45,
  60,
];

/** Counts what is asked of etcd, under kube-apiserver's names. */
export type EtcdObserver = (operation: EtcdOperation, seconds: number, failed: boolean) => void;

export type EtcdOperation = "get" | "list" | "create" | "update" | "delete";

export function etcdMetrics(registry: MetricRegistry): EtcdObserver {
  const durations = registry.histogram(
    "etcd_request_duration_seconds",
    "Time from a request to etcd to its answer",
    SECONDS,
    ["operation"],
  );
  const total = registry.counter("etcd_requests_total", "Requests to etcd", ["operation"]);
  const errors = registry.counter(
    "etcd_request_errors_total",
    "Requests to etcd that failed",
    ["operation"],
  );
  return (operation, seconds, failed) => {
    durations.observe(seconds, operation);
    total.add(1, operation);
    if (failed) errors.add(1, operation);
  };
}
