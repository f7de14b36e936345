import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../generated/types.ts";
import type { TableCell } from "../resource_definition.ts";
import { nameOf, NONE, objectAge, shortList, UNKNOWN, UNSET } from "./cells.ts";

export function autoscalerCells(
  { spec, status, ...object }: HorizontalPodAutoscaler,
  now: number,
): TableCell[] {
  const metrics = (spec?.metrics ?? []).map((metric, i) =>
    metricText(metric, status?.currentMetrics?.[i])
  );
  return [
    nameOf(object),
    `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`,
    shortList(metrics, 2, ", ", NONE),
    String(spec?.minReplicas ?? UNSET),
    spec?.maxReplicas ?? 0,
    status?.currentReplicas ?? 0,
    objectAge(object, now),
  ];
}

/** The older version knows one metric. */
export function autoscalerV1Cells(
  { spec, status, ...object }: AutoscalingV1HorizontalPodAutoscaler,
  now: number,
): TableCell[] {
  const target = spec?.targetCPUUtilizationPercentage;
  const current = status?.currentCPUUtilizationPercentage;
  return [
    nameOf(object),
    `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`,
    target === undefined
      ? NONE
      : `cpu: ${current === undefined ? UNKNOWN : `${current}%`}/${target}%`,
    String(spec?.minReplicas ?? UNSET),
    spec?.maxReplicas ?? 0,
    status?.currentReplicas ?? 0,
    objectAge(object, now),
  ];
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return averageOrValue(spec.external?.target, status?.external?.current);
    case "Object":
      return averageOrValue(spec.object?.target, status?.object?.current);
    case "Pods":
      return `${status?.pods?.current?.averageValue ?? UNKNOWN}/${
        spec.pods?.target?.averageValue ?? ""
      }`;
    case "Resource":
      return resourceText(
        spec.resource?.name,
        spec.resource?.target,
        status?.resource?.current,
      );
    case "ContainerResource":
      return resourceText(
        spec.containerResource?.name,
        spec.containerResource?.target,
        status?.containerResource?.current,
      );
    default:
      return "<unknown type>";
  }
}

function averageOrValue(
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  return target?.averageValue !== undefined
    ? `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
    : `${current?.value ?? UNKNOWN}/${target?.value ?? ""}`;
}

function resourceText(
  name: string | undefined,
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) {
    return `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  }
  const percent = (value: number | undefined, otherwise: string) =>
    value === undefined ? otherwise : `${value}%`;
  return `${name}: ${percent(current?.averageUtilization, UNKNOWN)}/${
    percent(target?.averageUtilization, "<auto>")
  }`;
}
