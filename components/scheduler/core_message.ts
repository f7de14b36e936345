import type {
  LabelSelector,
  Pod,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from "../api/mod.ts";
import type { CoreProfile, PodExtras, VolumeUse } from "./core_contract.ts";
import { writePlacement } from "./core_placement_message.ts";
import type { CoreWriter, PodRequirement } from "./core_writer.ts";
import { podRequest } from "./pod_request.ts";

/*
 * A pod's message. Its head says who it is and where the sections end: labels, terms of affinity, needs, volumes,
 * placement, spread. A delta ends with the volumes. `wasm/src/body.rs` reads the same order. Equal sections are one and
 * the same to the core, so each must be written in an order that follows from the object alone.
 */
export const PUT_POD = 3;
export const REMOVE_POD = 4;
export const NOMINATE = 5;
export const DENOMINATE = 6;
export const PUT_NAMESPACE = 7;
export const REMOVE_NAMESPACE = 8;

const SECTION_ENDS = 5;
const NO_LABELS: Readonly<Record<string, string>> = {};
const NONE: readonly never[] = [];
const PLAIN_RESOURCES = new Set(["cpu", "memory", "ephemeral-storage", "pods"]);

const SYSTEM_CONSTRAINTS: readonly TopologySpreadConstraint[] = [
  { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 5 },
];

/** A pod on a node, or nominated to it. */
export function putPod(
  out: CoreWriter,
  operation: typeof PUT_POD | typeof NOMINATE,
  handle: number,
  node: string,
  pod: Pod,
  volumes: readonly VolumeUse[],
): void {
  out.number(operation);
  out.text(node);
  const start = out.length;
  writeBody(out, handle, pod, volumes);
  out.set(start + 9, out.length - start);
}

/** A pod that is to be placed. `profile` is its profile's index. */
export function placePod(
  out: CoreWriter,
  handle: number,
  pod: Pod,
  extras: PodExtras,
  profile: CoreProfile,
  index: number,
): void {
  const start = out.length;
  writeBody(out, handle, pod, extras.volumes ?? NONE);
  writePlacement(out, pod, extras, profile, index);
  out.set(start + 9, out.length - start);
  writeSpread(out, pod, extras.defaultSelector, profile);
}

function writeBody(
  out: CoreWriter,
  handle: number,
  pod: Pod,
  volumes: readonly VolumeUse[],
): void {
  const { labels = NO_LABELS, namespace = "", deletionTimestamp } = pod.metadata ?? {};
  const spec = pod.spec ?? {} as PodSpec;
  const nominated = pod.status?.nominatedNodeName ?? "";
  const started = pod.status?.startTime;
  const start = out.length;
  out.number(handle);
  out.number(spec.priority ?? 0);
  out.number(started === undefined ? NaN : Date.parse(started));
  out.flag(deletionTimestamp !== undefined);
  out.number(nominated === "" ? -1 : out.interner.of(nominated));
  for (let i = 0; i < SECTION_ENDS; i++) out.number(0);

  out.text(namespace);
  const count = out.room();
  let written = 0;
  for (const key in labels) {
    out.text(key);
    out.text(labels[key]!);
    written++;
  }
  out.set(count, written);
  out.set(start + 5, out.length - start);

  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms = (list: readonly PodAffinityTerm[]) => {
    out.number(list.length);
    for (const term of list) writeTerm(out, term, namespace, labels);
  };
  terms(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? NONE);
  terms(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? NONE);
  for (const affinity of [podAffinity, podAntiAffinity]) {
    const weighted = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? NONE;
    out.number(weighted.length);
    for (const { weight = 0, podAffinityTerm = {} as PodAffinityTerm } of weighted) {
      out.number(weight);
      writeTerm(out, podAffinityTerm, namespace, labels);
    }
  }
  out.set(start + 6, out.length - start);

  writeNeeds(out, pod);
  out.set(start + 7, out.length - start);

  out.number(volumes.length);
  for (const { driver, handle } of volumes) {
    out.text(driver);
    out.text(handle);
  }
  out.set(start + 8, out.length - start);
}

function writeNeeds(out: CoreWriter, pod: Pod): void {
  const { requests, assumedCpu, assumedMemory } = podRequest(pod);
  out.number(requests.get("cpu") ?? 0);
  out.number(requests.get("memory") ?? 0);
  out.number(requests.get("ephemeral-storage") ?? 0);
  out.number(assumedCpu);
  out.number(assumedMemory);
  const count = out.room();
  let scalars = 0;
  for (const [name, value] of requests) {
    if (PLAIN_RESOURCES.has(name)) continue;
    out.text(name);
    out.number(value);
    scalars++;
  }
  out.set(count, scalars);
  writePorts(out, pod.spec ?? {} as PodSpec);
}

function writePorts(out: CoreWriter, spec: PodSpec): void {
  const count = out.room();
  let ports = 0;
  for (const list of [spec.containers, spec.initContainers]) {
    for (const container of list ?? NONE) {
      if (list === spec.initContainers && container.restartPolicy !== "Always") continue;
      for (const port of container.ports ?? NONE) {
        if (port.hostPort === undefined || port.hostPort === 0) continue;
        const ip = port.hostIP ?? "";
        const everywhere = ip === "" || ip === "0.0.0.0";
        out.number(everywhere ? 0 : out.interner.of(ip));
        out.text(port.protocol ?? "TCP");
        out.number(port.hostPort);
        ports++;
      }
    }
  }
  out.set(count, ports);
}

function writeTerm(
  out: CoreWriter,
  term: PodAffinityTerm,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): void {
  out.text(term.topologyKey ?? "");
  const named = term.namespaces ?? NONE;
  const own = named.length === 0 && term.namespaceSelector === undefined;
  out.texts(own ? [namespace] : named);
  out.flag(term.namespaceSelector !== undefined);
  if (term.namespaceSelector !== undefined) out.selector(term.namespaceSelector);
  out.selector(term.labelSelector, ofKeys(term, labels));
}

/** What keys of the pod's own labels ask for, where the API server has not written it into the selector already. */
function ofKeys(
  of: {
    readonly labelSelector?: LabelSelector;
    readonly matchLabelKeys?: readonly string[];
    readonly mismatchLabelKeys?: readonly string[];
  },
  labels: Readonly<Record<string, string>>,
): readonly PodRequirement[] {
  if (of.matchLabelKeys === undefined && of.mismatchLabelKeys === undefined) return NONE;
  const found: PodRequirement[] = [];
  for (
    const [keys, operator] of [[of.matchLabelKeys, "In"], [of.mismatchLabelKeys, "NotIn"]] as const
  ) {
    for (const key of keys ?? NONE) {
      const value = labels[key];
      const written = of.labelSelector?.matchExpressions?.some((requirement) =>
        requirement.key === key && requirement.operator === operator &&
        requirement.values?.length === 1 && requirement.values[0] === value
      );
      if (value !== undefined && written !== true) found.push({ key, operator, value });
    }
  }
  return found;
}

function writeSpread(
  out: CoreWriter,
  pod: Pod,
  defaultSelector: LabelSelector | undefined,
  profile: CoreProfile,
): void {
  const own = pod.spec?.topologySpreadConstraints ?? NONE;
  const labels = pod.metadata?.labels ?? NO_LABELS;
  const useDefault = own.length === 0 && defaultSelector !== undefined &&
    !selectsAll(defaultSelector);
  const defaults = profile.defaultConstraints ?? "System";
  const constraints = !useDefault ? own : defaults === "System" ? SYSTEM_CONSTRAINTS : defaults;
  out.flag(useDefault && defaults === "System");
  out.number(constraints.length);
  for (const constraint of constraints) {
    out.number(constraint.maxSkew ?? 1);
    out.text(constraint.topologyKey ?? "");
    out.flag(constraint.whenUnsatisfiable === "DoNotSchedule");
    out.number(constraint.minDomains ?? 1);
    out.flag(constraint.nodeAffinityPolicy !== "Ignore");
    out.flag(constraint.nodeTaintsPolicy === "Honor");
    if (useDefault) out.selector(defaultSelector);
    else out.selector(constraint.labelSelector, ofKeys(constraint, labels));
  }
}

function selectsAll(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? NO_LABELS).length === 0 &&
    (selector.matchExpressions ?? NONE).length === 0;
}
