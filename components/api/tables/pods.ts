import { ageOf } from "../human_duration.ts";
import type { ContainerState, ContainerStatus, Pod } from "../generated/types.ts";
import type { TableCell } from "../resource_definition.ts";
import { nameOf, NONE, objectAge } from "./cells.ts";

/** What the containers say about their pod. */
interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  /** When a container last ended before it was restarted. */
  lastRestart: string;
}

export function podCells(pod: Pod, now: number): TableCell[] {
  const { spec, status } = pod;
  const summary = summarize(pod);
  const sidecars = sidecarNames(pod).size;
  const total = (spec?.containers?.length ?? 0) + sidecars;
  const { restarts, lastRestart } = summary;
  return [
    nameOf(pod),
    `${summary.ready}/${total}`,
    summary.reason,
    restarts !== 0 && lastRestart !== ""
      ? `${restarts} (${ageOf(lastRestart, now)} ago)`
      : String(restarts),
    objectAge(pod, now),
    status?.podIPs?.[0]?.ip || status?.podIP || NONE,
    spec?.nodeName || NONE,
    status?.nominatedNodeName || NONE,
    readinessGates(pod),
  ];
}

function sidecarNames({ spec }: Pod): Set<string> {
  const sidecars = (spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  return new Set(sidecars.map(({ name }) => name ?? ""));
}

function conditionStatus({ status }: Pod, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const passed = gates.filter(({ conditionType }) =>
    conditionStatus(pod, conditionType ?? "") === "True"
  );
  return `${passed.length}/${gates.length}`;
}

function summarize(pod: Pod): Summary {
  const { status } = pod;
  const phase = status?.phase ?? "";
  const gated = status?.conditions?.some(({ type, reason }) =>
    type === "PodScheduled" && reason === "SchedulingGated"
  );
  const summary: Summary = {
    reason: gated ? "SchedulingGated" : status?.reason || phase,
    ready: 0,
    restarts: 0,
    lastRestart: "",
  };
  const sidecarRestarts: Summary = { ...summary };
  const initializing = readInitContainers(pod, summary, sidecarRestarts);
  if (!initializing || conditionStatus(pod, "Initialized") === "True") {
    summary.restarts = sidecarRestarts.restarts;
    summary.lastRestart = sidecarRestarts.lastRestart;
    readContainers(pod, summary);
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (status?.reason === "NodeLost") summary.reason = "Unknown";
    else if (phase !== "Succeeded" && phase !== "Failed") summary.reason = "Terminating";
  }
  return summary;
}

function countRestarts(summary: Summary, container: ContainerStatus): void {
  summary.restarts += container.restartCount ?? 0;
  const ended = container.lastState?.terminated?.finishedAt ?? "";
  if (ended > summary.lastRestart) summary.lastRestart = ended;
}

/** Answers whether some init container still keeps the pod from starting. */
function readInitContainers(pod: Pod, summary: Summary, sidecarRestarts: Summary): boolean {
  const sidecars = sidecarNames(pod);
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(summary, container);
    const sidecar = sidecars.has(container.name ?? "");
    if (sidecar) countRestarts(sidecarRestarts, container);
    const { terminated, waiting } = container.state ?? {};
    if (terminated !== undefined && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready === true) summary.ready++;
      continue;
    }
    if (terminated !== undefined) summary.reason = `Init:${endReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing") {
      summary.reason = `Init:${waiting.reason}`;
    } else summary.reason = `Init:${i}/${total}`;
    return true;
  }
  return false;
}

function endReason(terminated: NonNullable<ContainerState["terminated"]>): string {
  if (terminated.reason) return terminated.reason;
  if (terminated.signal) return `Signal:${terminated.signal}`;
  return `ExitCode:${terminated.exitCode ?? 0}`;
}

function readContainers(pod: Pod, summary: Summary): void {
  let running = false;
  let failure = "";
  // From the end, so that the first container's word counts.
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(summary, container);
    const { waiting, terminated, running: runs } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated !== undefined) {
      summary.reason = endReason(terminated);
      if (terminated.exitCode) failure = summary.reason;
    } else if (container.ready === true && runs !== undefined) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason !== "Completed" || !running) return;
  summary.reason = conditionStatus(pod, "Ready") === "True" ? "Running" : failure || "NotReady";
}
