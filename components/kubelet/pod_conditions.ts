import type { ContainerStatus, Pod, PodCondition, PodStatus } from "../api/mod.ts";
import { timestamp } from "../base/mod.ts";
import { allContainers, initContainers, mainContainers } from "./pod_containers.ts";

/** What a pod's conditions are made of. */
export interface ConditionObservation {
  readonly pod: Pod;
  readonly phase: string;
  readonly statuses: ReadonlyMap<string, ContainerStatus>;
  /** The sandbox is up with its network. */
  readonly sandboxReady: boolean;
  readonly now: number;
  /** Set when the kubelet itself ends the pod (eviction, shutdown). */
  readonly disruption?: { readonly reason: string; readonly message: string };
}

interface Verdict {
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

/** The types that the kubelet writes; all others belong to someone else and stay. */
export const OWNED_CONDITIONS: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
];

/** The pod's conditions, with those of other owners; a transition time moves only with the status. Pure. */
export function podConditions(observed: ConditionObservation): PodCondition[] {
  const { pod, now } = observed;
  const containersReady = containersReadyVerdict(observed);
  const verdicts: [string, Verdict][] = [
    ["PodReadyToStartContainers", { status: observed.sandboxReady ? "True" : "False" }],
    ["Initialized", initializedVerdict(observed)],
    ["Ready", readyVerdict(observed, containersReady)],
    ["ContainersReady", containersReady],
    ["PodScheduled", { status: "True" }],
  ];
  if (observed.disruption !== undefined) {
    verdicts.push(["DisruptionTarget", { status: "True", ...observed.disruption }]);
  }
  const written = new Set(verdicts.map(([type]) => type));
  const previous = pod.status?.conditions ?? [];
  const generation = pod.metadata?.generation;
  return [
    ...verdicts.map(([type, verdict]): PodCondition => {
      const before = previous.find((condition) => condition.type === type);
      const changed = before?.status !== verdict.status;
      return {
        type,
        ...verdict,
        ...(generation === undefined ? {} : { observedGeneration: generation }),
        lastTransitionTime: changed ? timestamp(now) : before?.lastTransitionTime ?? timestamp(now),
      };
    }),
    ...previous.filter(({ type }) => !written.has(type ?? "")),
  ];
}

function containersReadyVerdict(observed: ConditionObservation): Verdict {
  const { pod, phase, statuses } = observed;
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const counted = [
    ...initContainers(pod).filter(({ role }) => role === "sidecar"),
    ...mainContainers(pod),
  ].map(({ name }) => name);
  const unknown = counted.filter((name) => !statuses.has(name));
  const unready = counted.filter((name) => statuses.get(name)?.ready === false);
  return verdictOf("ContainersNotReady", [
    ["unknown", unknown],
    ["unready", unready],
  ]);
}

function readyVerdict(observed: ConditionObservation, containers: Verdict): Verdict {
  if (containers.status === "False") return containers;
  const gates = observed.pod.spec?.readinessGates ?? [];
  const conditions = observed.pod.status?.conditions ?? [];
  const messages: string[] = [];
  for (const { conditionType = "" } of gates) {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      messages.push(
        `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
      );
    } else if (condition.status !== "True") {
      messages.push(
        `the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`,
      );
    }
  }
  return messages.length === 0
    ? { status: "True" }
    : { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function initializedVerdict(observed: ConditionObservation): Verdict {
  const { pod, phase, statuses } = observed;
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" };
  const begun = mainContainers(pod).some(({ name }) => {
    const status = statuses.get(name);
    return status?.state?.running !== undefined || status?.state?.terminated !== undefined ||
      status?.lastState?.terminated !== undefined;
  });
  if (begun) return { status: "True" };
  const inits = initContainers(pod);
  const unknown = inits.filter(({ name }) => !statuses.has(name)).map(({ name }) => name);
  const incomplete = inits.filter(({ name, role }) => {
    const status = statuses.get(name);
    if (status === undefined) return false;
    return role === "sidecar" ? status.started !== true : status.ready !== true;
  }).map(({ name }) => name);
  return verdictOf("ContainersNotInitialized", [["unknown", unknown], ["incomplete", incomplete]]);
}

function verdictOf(reason: string, lists: readonly (readonly [string, string[]])[]): Verdict {
  const messages = lists.filter(([, names]) => names.length > 0)
    .map(([what, names]) => `containers with ${what} status: [${names.join(" ")}]`);
  return messages.length === 0
    ? { status: "True" }
    : { status: "False", reason, message: messages.join(", ") };
}

/** Every container that has a status, by name. */
export function statusesByName(
  pod: Pod,
  lists: readonly (readonly ContainerStatus[])[],
): Map<string, ContainerStatus> {
  const known = new Set(allContainers(pod).map(({ name }) => name));
  const byName = new Map<string, ContainerStatus>();
  for (const status of lists.flat()) {
    if (known.has(status.name ?? "")) byName.set(status.name ?? "", status);
  }
  return byName;
}

/** The kubelet's own conditions as it last worked them out, and everyone else's as the API has them. */
export function mergeConditions(own: PodStatus, api: PodStatus | undefined): PodCondition[] {
  const isOwned = ({ type }: PodCondition) => OWNED_CONDITIONS.includes(type ?? "");
  return [
    ...(own.conditions ?? []).filter(isOwned),
    ...(api?.conditions ?? []).filter((condition) => !isOwned(condition)),
  ];
}
