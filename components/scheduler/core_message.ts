import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Toleration,
} from "../api/mod.ts";
import type { Interner } from "./interner.ts";
import { amount, type Amounts, podRequest } from "./pod_request.ts";

/** Messages to the core: lists of numbers. Layout 1; `wasm/src` reads them in the same order. */
export type Message = number[];

const PUT_NODE = 1;
const REMOVE_NODE = 2;
const PUT_POD = 3;
const REMOVE_POD = 4;

const EFFECTS: Readonly<Record<string, number>> = {
  NoSchedule: 1,
  PreferNoSchedule: 2,
  NoExecute: 3,
};
const OPERATORS: Readonly<Record<string, number>> = {
  In: 1,
  NotIn: 2,
  Exists: 3,
  DoesNotExist: 4,
  Gt: 5,
  Lt: 6,
};
const TOLERATION_OPERATORS: Readonly<Record<string, number>> = {
  Exists: 1,
  Equal: 2,
  Lt: 3,
  Gt: 4,
};
const PLAIN_RESOURCES = new Set(["cpu", "memory", "ephemeral-storage", "pods"]);
const UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable";

/** A whole number as `Gt` and `Lt` read it; not a number otherwise. */
function wholeNumber(text: string): number {
  return /^[+-]?\d{1,18}$/.test(text) ? Number(text) : NaN;
}

export function removeNode(interner: Interner, name: string): Message {
  return [REMOVE_NODE, interner.of(name)];
}

export function removePod(handle: number): Message {
  return [REMOVE_POD, handle];
}

export function putNode(interner: Interner, node: Node): Message {
  const allocatable = node.status?.allocatable ?? {};
  const quantity = (name: string) => {
    const value = allocatable[name];
    return value === undefined ? 0 : amount(name, value);
  };
  const scalars: number[] = [];
  for (const [name, value] of Object.entries(allocatable)) {
    if (!PLAIN_RESOURCES.has(name)) scalars.push(interner.of(name), amount(name, value));
  }
  const labels = Object.entries(node.metadata?.labels ?? {});
  const taints = node.spec?.taints ?? [];
  const images: number[] = [];
  for (const image of node.status?.images ?? []) {
    for (const name of image.names ?? []) images.push(interner.of(name), image.sizeBytes ?? 0);
  }
  return [
    PUT_NODE,
    interner.of(node.metadata?.name ?? ""),
    node.spec?.unschedulable === true ? 1 : 0,
    quantity("cpu"),
    quantity("memory"),
    quantity("ephemeral-storage"),
    quantity("pods"),
    scalars.length / 2,
    ...scalars,
    labels.length,
    ...labels.flatMap(([key, value]) => [interner.of(key), interner.of(value), wholeNumber(value)]),
    taints.length,
    ...taints.flatMap((taint) => [
      interner.of(taint.key ?? ""),
      interner.of(taint.value ?? ""),
      EFFECTS[taint.effect ?? ""] ?? 0,
      wholeNumber(taint.value ?? ""),
    ]),
    images.length / 2,
    ...images,
  ];
}

/** A pod that takes room on a node. */
export function putPod(interner: Interner, handle: number, nodeName: string, pod: Pod): Message {
  return [
    PUT_POD,
    handle,
    interner.of(nodeName),
    ...needs(interner, pod),
    ...hostPorts(interner, pod),
  ];
}

/** A pod that is to be placed. `enough` feasible nodes end the search; 0 looks at all. */
export function placePod(interner: Interner, pod: Pod, enough: number): Message {
  const spec = pod.spec ?? {};
  const affinity = spec.affinity?.nodeAffinity;
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const containers = [...spec.initContainers ?? [], ...spec.containers ?? []];
  const selector = Object.entries(spec.nodeSelector ?? {});
  const tolerations = spec.tolerations ?? [];
  return [
    spec.nodeName === undefined || spec.nodeName === "" ? -1 : interner.of(spec.nodeName),
    tolerations.some(toleratesUnschedulable) ? 1 : 0,
    ...needs(interner, pod),
    tolerations.length,
    ...tolerations.flatMap((toleration) => encodeToleration(interner, toleration)),
    selector.length,
    ...selector.flatMap(([key, value]) => [interner.of(key), interner.of(value)]),
    ...(required === undefined
      ? [0]
      : [1, required.length, ...required.flatMap((term) => encodeTerm(interner, term))]),
    preferred.length,
    ...preferred.flatMap((
      item,
    ) => [item.weight ?? 0, ...encodeTerm(interner, item.preference ?? {})]),
    ...hostPorts(interner, pod),
    containers.length,
    ...containers.map((container) => interner.of(normalizedImage(container.image ?? ""))),
    containers.length,
    enough,
  ];
}

function needs(interner: Interner, pod: Pod): number[] {
  const { requests, assumedCpu, assumedMemory } = podRequest(pod);
  const scalars = scalarsOf(interner, requests);
  return [
    requests.get("cpu") ?? 0,
    requests.get("memory") ?? 0,
    requests.get("ephemeral-storage") ?? 0,
    assumedCpu,
    assumedMemory,
    scalars.length / 2,
    ...scalars,
  ];
}

function scalarsOf(interner: Interner, requests: Amounts): number[] {
  const scalars: number[] = [];
  for (const [name, value] of requests) {
    if (!PLAIN_RESOURCES.has(name)) scalars.push(interner.of(name), value);
  }
  return scalars;
}

function hostPorts(interner: Interner, pod: Pod): number[] {
  const ports: number[] = [];
  const containers = [
    ...pod.spec?.containers ?? [],
    ...(pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always"),
  ];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.hostPort === undefined || port.hostPort === 0) continue;
      const ip = port.hostIP ?? "";
      const everywhere = ip === "" || ip === "0.0.0.0" || ip === "::";
      ports.push(
        everywhere ? 0 : interner.of(ip),
        interner.of(port.protocol ?? "TCP"),
        port.hostPort,
      );
    }
  }
  return [ports.length / 3, ...ports];
}

function toleratesUnschedulable(toleration: Toleration): boolean {
  const key = toleration.key ?? "";
  const effect = toleration.effect ?? "";
  if (effect !== "" && effect !== "NoSchedule") return false;
  if (key === "") return toleration.operator === "Exists";
  return key === UNSCHEDULABLE_TAINT &&
    (toleration.operator === "Exists" || (toleration.value ?? "") === "");
}

function encodeToleration(interner: Interner, toleration: Toleration): number[] {
  const { key = "", value = "", effect = "" } = toleration;
  return [
    key === "" ? -1 : interner.of(key),
    TOLERATION_OPERATORS[toleration.operator ?? "Equal"] ?? 0,
    interner.of(value),
    effect === "" ? -1 : EFFECTS[effect] ?? 0,
    wholeNumber(value),
  ];
}

function encodeTerm(interner: Interner, term: NodeSelectorTerm): number[] {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  return [
    expressions.length,
    ...expressions.flatMap((requirement) => encodeRequirement(interner, requirement)),
    fields.length,
    ...fields.flatMap((requirement) => encodeRequirement(interner, requirement)),
  ];
}

function encodeRequirement(interner: Interner, requirement: NodeSelectorRequirement): number[] {
  const values = requirement.values ?? [];
  return [
    interner.of(requirement.key ?? ""),
    OPERATORS[requirement.operator ?? ""] ?? 0,
    values.length,
    ...values.map((value) => interner.of(value)),
    values.length === 1 ? wholeNumber(values[0]!) : NaN,
  ];
}

/** Images as nodes list them: with a tag. */
export function normalizedImage(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") || image.includes("@") ? image : `${image}:latest`;
}
