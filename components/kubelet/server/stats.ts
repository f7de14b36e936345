import type { Pod } from "../../api/mod.ts";
import { timestamp } from "../../base/mod.ts";
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from "../labels.ts";
import type { ContainerStats } from "../runtime.ts";
import type { NodeUsage } from "./node_usage.ts";

/** Two samples of one container make a rate. */
export interface StatsSample {
  readonly stats: ContainerStats;
  readonly previous?: ContainerStats;
}

export interface StatsInput {
  readonly nodeName: string;
  readonly startTime: number;
  readonly now: number;
  readonly node: NodeUsage;
  readonly nodeCpuNanoCores?: number;
  readonly pods: readonly Pod[];
  readonly samples: readonly StatsSample[];
}

/** The body of /stats/summary. Pure. */
export function summary(input: StatsInput): Record<string, unknown> {
  const { node, now } = input;
  const used = node.memoryTotalBytes - node.memoryAvailableBytes;
  return {
    node: {
      nodeName: input.nodeName,
      startTime: timestamp(input.startTime),
      cpu: {
        time: timestamp(now),
        usageCoreNanoSeconds: Math.round(node.cpuSeconds * 1e9),
        ...(input.nodeCpuNanoCores === undefined ? {} : { usageNanoCores: input.nodeCpuNanoCores }),
      },
      memory: {
        time: timestamp(now),
        availableBytes: node.memoryAvailableBytes,
        usageBytes: used,
        workingSetBytes: used,
      },
    },
    pods: input.pods.map((pod) => podSummary(pod, samplesOf(input, pod))),
  };
}

/** The body of /metrics/resource: cumulative counters with the time of their sample, in milliseconds. Pure. */
export function resourceMetrics(input: StatsInput): string {
  const { node, now } = input;
  const lines: string[] = [];
  const family = (name: string, help: string, type: string, values: readonly string[]) => {
    if (values.length > 0) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values);
    }
  };
  const containers: { labels: string; stats: ContainerStats; startedAt: number }[] = [];
  const pods: { labels: string; cpu: number; memory: number; at: number }[] = [];
  for (const pod of input.pods) {
    const { name = "", namespace = "" } = pod.metadata ?? {};
    const samples = samplesOf(input, pod);
    if (samples.length === 0) continue;
    for (const { stats } of samples) {
      const container = stats.labels[CONTAINER_NAME_LABEL] ?? "";
      containers.push({
        labels: `{container="${container}",namespace="${namespace}",pod="${name}"}`,
        stats,
        startedAt: startOf(pod, container),
      });
    }
    pods.push({
      labels: `{namespace="${namespace}",pod="${name}"}`,
      cpu: samples.reduce((sum, { stats }) => sum + stats.cpuNanoseconds, 0),
      memory: samples.reduce((sum, { stats }) => sum + stats.memoryBytes, 0),
      at: Math.max(...samples.map(({ stats }) => stats.timestamp)),
    });
  }
  const seconds = (nanoseconds: number) => nanoseconds / 1e9;
  family(
    "container_cpu_usage_seconds_total",
    "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
    "counter",
    containers.map(({ labels, stats }) =>
      `container_cpu_usage_seconds_total${labels} ${
        seconds(stats.cpuNanoseconds)
      } ${stats.timestamp}`
    ),
  );
  family(
    "container_memory_working_set_bytes",
    "[STABLE] Current working set of the container in bytes",
    "gauge",
    containers.map(({ labels, stats }) =>
      `container_memory_working_set_bytes${labels} ${stats.memoryBytes} ${stats.timestamp}`
    ),
  );
  family(
    "container_start_time_seconds",
    "[STABLE] Start time of the container since unix epoch in seconds",
    "gauge",
    containers.map(({ labels, startedAt }) =>
      `container_start_time_seconds${labels} ${startedAt / 1000}`
    ),
  );
  family(
    "node_cpu_usage_seconds_total",
    "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
    "counter",
    [`node_cpu_usage_seconds_total ${node.cpuSeconds} ${now}`],
  );
  family(
    "node_memory_working_set_bytes",
    "[STABLE] Current working set of the node in bytes",
    "gauge",
    [
      `node_memory_working_set_bytes ${node.memoryTotalBytes - node.memoryAvailableBytes} ${now}`,
    ],
  );
  family(
    "pod_cpu_usage_seconds_total",
    "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
    "counter",
    pods.map(({ labels, cpu, at }) => `pod_cpu_usage_seconds_total${labels} ${seconds(cpu)} ${at}`),
  );
  family(
    "pod_memory_working_set_bytes",
    "[STABLE] Current working set of the pod in bytes",
    "gauge",
    pods.map(({ labels, memory, at }) => `pod_memory_working_set_bytes${labels} ${memory} ${at}`),
  );
  family(
    "resource_scrape_error",
    "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    "gauge",
    [
      "resource_scrape_error 0",
    ],
  );
  return lines.join("\n") + "\n";
}

function podSummary(pod: Pod, samples: readonly StatsSample[]): Record<string, unknown> {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  const containers = samples.map((sample) => {
    const { labels, timestamp: at, memoryBytes } = sample.stats;
    const container = labels[CONTAINER_NAME_LABEL] ?? "";
    return {
      name: container,
      startTime: timestamp(startOf(pod, container)),
      cpu: cpuStats(at, sample.stats.cpuNanoseconds, rateOf(sample)),
      memory: memoryStats(at, memoryBytes),
    };
  });
  const at = Math.max(0, ...samples.map(({ stats }) => stats.timestamp));
  const rates = samples.map(rateOf);
  const total = (of: (sample: StatsSample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? timestamp(0),
    containers,
    ...(samples.length === 0 ? {} : {
      cpu: cpuStats(
        at,
        total(({ stats }) => stats.cpuNanoseconds),
        rates.includes(undefined)
          ? undefined
          : rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0),
      ),
      memory: memoryStats(at, total(({ stats }) => stats.memoryBytes)),
    }),
  };
}

function cpuStats(at: number, nanoseconds: number, rate: number | undefined) {
  return {
    time: timestamp(at),
    usageCoreNanoSeconds: Math.round(nanoseconds),
    ...(rate === undefined ? {} : { usageNanoCores: rate }),
  };
}

function memoryStats(at: number, bytes: number) {
  return { time: timestamp(at), usageBytes: bytes, workingSetBytes: bytes };
}

function rateOf({ stats, previous }: StatsSample): number | undefined {
  if (previous === undefined || stats.timestamp <= previous.timestamp) return undefined;
  const used = Math.max(0, stats.cpuNanoseconds - previous.cpuNanoseconds);
  return Math.round(used * 1000 / (stats.timestamp - previous.timestamp));
}

function samplesOf({ samples }: StatsInput, pod: Pod): StatsSample[] {
  const uid = pod.metadata?.uid;
  return samples.filter(({ stats }) =>
    stats.labels[POD_UID_LABEL] === uid && stats.labels[CONTAINER_NAME_LABEL] !== undefined
  );
}

function startOf(pod: Pod, container: string): number {
  const all = [...pod.status?.containerStatuses ?? [], ...pod.status?.initContainerStatuses ?? []];
  const status = all.find(({ name }) => name === container);
  return Date.parse(status?.state?.running?.startedAt ?? "") || 0;
}
