import { ageOf, humanDuration } from "../human_duration.ts";
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodDisruptionBudget,
  PriorityClass,
  ReplicaSet,
  RuntimeClass,
  StatefulSet,
} from "../generated/types.ts";
import { formatLabelSelector } from "../label_selector.ts";
import type { TableCell } from "../resource_definition.ts";
import {
  cells,
  type CellTable,
  labelsText,
  nameOf,
  NONE,
  objectAge,
  orNone,
  templateCells,
  UNSET,
} from "./cells.ts";

export const WORKLOAD_CELLS: CellTable = {
  "apps/ControllerRevision": cells((revision: ControllerRevision, now) => [
    nameOf(revision),
    controllerText(revision),
    revision.revision ?? 0,
    objectAge(revision, now),
  ]),
  "apps/DaemonSet": cells(({ spec, status, ...object }: DaemonSet, now) => [
    nameOf(object),
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labelsText(spec?.template?.spec?.nodeSelector),
    objectAge(object, now),
    ...templateCells(spec?.template),
    formatLabelSelector(spec?.selector),
  ]),
  "apps/Deployment": cells(({ spec, status, ...object }: Deployment, now) => [
    nameOf(object),
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    objectAge(object, now),
    ...templateCells(spec?.template),
    formatLabelSelector(spec?.selector),
  ]),
  "apps/ReplicaSet": cells(({ spec, status, ...object }: ReplicaSet, now) => [
    nameOf(object),
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    objectAge(object, now),
    ...templateCells(spec?.template),
    formatLabelSelector(spec?.selector),
  ]),
  "apps/StatefulSet": cells(({ spec, status, ...object }: StatefulSet, now) => [
    nameOf(object),
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    objectAge(object, now),
    ...templateCells(spec?.template),
  ]),
  "batch/CronJob": cells(cronJobCells),
  "batch/Job": cells(jobCells),
  "policy/PodDisruptionBudget": cells(({ spec, status, ...object }: PodDisruptionBudget, now) => [
    nameOf(object),
    String(spec?.minAvailable ?? "N/A"),
    String(spec?.maxUnavailable ?? "N/A"),
    status?.disruptionsAllowed ?? 0,
    objectAge(object, now),
  ]),
  "scheduling.k8s.io/PriorityClass": cells((priority: PriorityClass, now) => [
    nameOf(priority),
    priority.value ?? 0,
    priority.globalDefault ?? false,
    objectAge(priority, now),
    priority.preemptionPolicy ?? "",
  ]),
  "node.k8s.io/RuntimeClass": cells((runtime: RuntimeClass, now) => [
    nameOf(runtime),
    runtime.handler ?? "",
    objectAge(runtime, now),
  ]),
};

/** `daemonset.apps/agent`. */
function controllerText({ metadata }: ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return NONE;
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

function cronJobCells({ spec, status, ...object }: CronJob, now: number): TableCell[] {
  const job = spec?.jobTemplate?.spec;
  return [
    nameOf(object),
    spec?.schedule ?? "",
    orNone(spec?.timeZone),
    spec?.suspend === undefined ? UNSET : spec.suspend ? "True" : "False",
    status?.active?.length ?? 0,
    status?.lastScheduleTime === undefined ? NONE : ageOf(status.lastScheduleTime, now),
    objectAge(object, now),
    ...templateCells(job?.template),
    formatLabelSelector(job?.selector),
  ];
}

function jobCells({ spec, status, ...object }: Job, now: number): TableCell[] {
  const { startTime, completionTime } = status ?? {};
  const end = completionTime === undefined ? now : Date.parse(completionTime);
  return [
    nameOf(object),
    jobStatus({ status, ...object } as Job),
    completions(spec, status?.succeeded ?? 0),
    startTime === undefined ? "" : humanDuration(end - Date.parse(startTime)),
    objectAge(object, now),
    ...templateCells(spec?.template),
    formatLabelSelector(spec?.selector),
  ];
}

function jobStatus({ metadata, status }: Job): string {
  const has = (wanted: string) =>
    status?.conditions?.some(({ type, status }) => type === wanted && status === "True") ?? false;
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (metadata?.deletionTimestamp !== undefined) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"]) {
    if (has(type)) return type;
  }
  return "Running";
}

function completions(spec: Job["spec"], succeeded: number): string {
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}
