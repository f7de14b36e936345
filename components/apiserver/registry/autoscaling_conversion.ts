import type { KubeObject } from "../../api/served.ts";

/** Where v1 keeps what it has no fields for. */
const METRICS_ANNOTATION = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR_ANNOTATION = "autoscaling.alpha.kubernetes.io/behavior";
const CONDITIONS_ANNOTATION = "autoscaling.alpha.kubernetes.io/conditions";
const CURRENT_ANNOTATION = "autoscaling.alpha.kubernetes.io/current-metrics";

interface Metric {
  type?: string;
  resource?: {
    name?: string;
    target?: { type?: string; averageUtilization?: number };
    current?: { averageUtilization?: number; averageValue?: string };
  };
}

interface Autoscaler extends KubeObject {
  spec?: {
    metrics?: Metric[];
    behavior?: unknown;
    targetCPUUtilizationPercentage?: number;
    [other: string]: unknown;
  };
  status?: {
    currentMetrics?: Metric[];
    conditions?: unknown[];
    currentCPUUtilizationPercentage?: number;
    [other: string]: unknown;
  };
}

const isCpu = (metric: Metric) => metric.type === "Resource" && metric.resource?.name === "cpu";

export function autoscalingV2ToV1(object: KubeObject): KubeObject {
  const source = object as Autoscaler;
  const { metrics = [], behavior, ...spec } = source.spec ?? {};
  const { currentMetrics = [], conditions, ...status } = source.status ?? {};
  const cpu = metrics.find((metric) =>
    isCpu(metric) && metric.resource?.target?.averageUtilization !== undefined
  );
  const others = metrics.filter((metric) => metric !== cpu);
  const currentCpu = currentMetrics.find(isCpu)?.resource?.current?.averageUtilization;
  const annotations: Record<string, string> = { ...source.metadata?.annotations };
  if (others.length > 0) annotations[METRICS_ANNOTATION] = JSON.stringify(others);
  if (behavior !== undefined) annotations[BEHAVIOR_ANNOTATION] = JSON.stringify(behavior);
  if (conditions !== undefined) annotations[CONDITIONS_ANNOTATION] = JSON.stringify(conditions);
  if (currentMetrics.length > 0) annotations[CURRENT_ANNOTATION] = JSON.stringify(currentMetrics);
  return {
    ...source,
    metadata: {
      ...source.metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...spec,
      ...(cpu === undefined
        ? {}
        : { targetCPUUtilizationPercentage: cpu.resource?.target?.averageUtilization }),
    },
    status: {
      ...status,
      ...(currentCpu === undefined ? {} : { currentCPUUtilizationPercentage: currentCpu }),
    },
  } as KubeObject;
}

export function autoscalingV1ToV2(object: KubeObject): KubeObject {
  const source = object as Autoscaler;
  const { targetCPUUtilizationPercentage: target, ...spec } = source.spec ?? {};
  const { currentCPUUtilizationPercentage: _current, ...status } = source.status ?? {};
  const annotations: Record<string, string> = { ...source.metadata?.annotations };
  const take = (name: string): unknown => {
    const text = annotations[name];
    delete annotations[name];
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const others = take(METRICS_ANNOTATION);
  const behavior = take(BEHAVIOR_ANNOTATION);
  const conditions = take(CONDITIONS_ANNOTATION);
  const currentMetrics = take(CURRENT_ANNOTATION);
  const metrics = [
    ...(target === undefined ? [] : [{
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: target } },
    }]),
    ...(Array.isArray(others) ? others : []),
  ];
  const { annotations: _annotations, ...metadata } = source.metadata ?? {};
  return {
    ...source,
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: {
      ...spec,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...status,
      ...(conditions === undefined ? {} : { conditions }),
      ...(currentMetrics === undefined ? {} : { currentMetrics }),
    },
  } as KubeObject;
}
