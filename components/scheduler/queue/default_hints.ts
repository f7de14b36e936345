import {
  labelSelectorMatcher,
  type Pod,
  type PodAffinityTerm,
  selectsNode,
  type Taint,
  untolerated,
} from "../../api/mod.ts";
import { amount, podRequest } from "../pod_request.ts";
import type { ClusterEvent } from "./cluster_event.ts";
import type { KnownNode } from "./known_node.ts";
import type { HostPort, KnownPod } from "./known_pod.ts";
import type { QueueingHint } from "./queueing_hint.ts";

const UNSCHEDULABLE_TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

const nodeBefore = (event: ClusterEvent) => event.before as KnownNode | undefined;
const nodeAfter = (event: ClusterEvent) => event.after as KnownNode;
const podOf = (event: ClusterEvent) => (event.after ?? event.before) as KnownPod;

/** It did not hold before (or there was no node) and holds now. */
function becomes(
  holds: (pod: Pod, node: KnownNode) => boolean,
): NonNullable<QueueingHint["helps"]> {
  return (pod, event) => {
    const before = nodeBefore(event);
    return holds(pod, nodeAfter(event)) && (before === undefined || !holds(pod, before));
  };
}

/**
 * What may help pods that the core's plugins have refused, by plugin: the event, and whether this change could make
 * this pod fit. An event that is not here wakes nobody.
 */
export const DEFAULT_HINTS: Readonly<Record<string, readonly QueueingHint[]>> = {
  SchedulingGates: [{ resource: "Pod", actions: ["UpdatePodSchedulingGatesEliminated"] }],
  NodeUnschedulable: [
    {
      resource: "Node",
      actions: ["Add", "UpdateNodeTaint"],
      helps: becomes((_, node) => !node.unschedulable),
    },
    {
      resource: "Pod",
      actions: ["UpdatePodToleration"],
      helps: (pod) => isTolerated(pod, [UNSCHEDULABLE_TAINT]),
    },
  ],
  NodeName: [{
    resource: "Node",
    actions: ["Add"],
    helps: (pod, event) => nodeAfter(event).name === pod.spec?.nodeName,
  }],
  TaintToleration: [
    {
      resource: "Node",
      actions: ["Add", "UpdateNodeTaint"],
      helps: becomes((pod, node) => isTolerated(pod, node.taints)),
    },
    { resource: "Pod", actions: ["UpdatePodToleration"] },
  ],
  NodeAffinity: [
    {
      resource: "Node",
      actions: ["Add", "UpdateNodeLabel"],
      helps: becomes((pod, node) => selectsNode(pod.spec ?? {}, node)),
    },
    // Only while a pod is gated can what it asks of nodes be made narrower.
    { resource: "Pod", actions: ["Update"] },
  ],
  NodePorts: [
    { resource: "Node", actions: ["Add"] },
    {
      resource: "AssignedPod",
      actions: ["Delete"],
      helps: (pod, event) => portsClash(pod, podOf(event).hostPorts ?? []),
    },
  ],
  NodeResourcesFit: [
    {
      resource: "Node",
      actions: ["Add", "UpdateNodeAllocatable"],
      helps: hasMoreRoom,
    },
    { resource: "AssignedPod", actions: ["Delete"] },
    {
      resource: "AssignedPod",
      actions: ["UpdatePodScaleDown"],
      helps: (pod, event) => freesWhatIsAskedFor(pod, event),
    },
    { resource: "Pod", actions: ["UpdatePodScaleDown"] },
  ],
  PodTopologySpread: [
    {
      resource: "AssignedPod",
      actions: ["Add", "Delete", "UpdatePodLabel"],
      helps: (pod, event) =>
        [event.before, event.after].some((one) =>
          one !== undefined && isCountedBySpread(pod, one as KnownPod)
        ),
    },
    {
      resource: "Node",
      actions: ["Add", "Delete", "UpdateNodeLabel"],
      helps: changesDomains,
    },
    { resource: "Node", actions: ["UpdateNodeTaint"] },
    { resource: "Pod", actions: ["UpdatePodLabel"] },
  ],
  InterPodAffinity: [
    {
      resource: "AssignedPod",
      actions: ["Add", "UpdatePodLabel"],
      helps: (pod, event) =>
        requiredTerms(pod, "podAffinity").some((term) => selects(term, pod, podOf(event))) ||
        (event.before !== undefined && stopsKeepingAway(pod, event)),
    },
    {
      resource: "AssignedPod",
      actions: ["Delete"],
      helps: (pod, event) =>
        podOf(event).keepsAway === true ||
        requiredTerms(pod, "podAntiAffinity").some((term) => selects(term, pod, podOf(event))),
    },
    {
      resource: "Node",
      actions: ["Add", "UpdateNodeLabel"],
      helps: becomesDomain,
    },
    { resource: "Pod", actions: ["UpdatePodLabel"] },
  ],
  NodeDeclaredFeatures: [
    { resource: "Node", actions: ["Add", "UpdateNodeDeclaredFeature"] },
    { resource: "Pod", actions: ["Update", "UpdatePodScaleDown"] },
  ],
};

function isTolerated(pod: Pod, taints: readonly Taint[]): boolean {
  return untolerated(taints, pod.spec?.tolerations, ["NoSchedule", "NoExecute"]).length === 0;
}

function portsClash(pod: Pod, taken: readonly HostPort[]): boolean {
  const everywhere = (ip: string) => ip === "" || ip === "0.0.0.0" || ip === "::";
  const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  return containers.flatMap(({ ports }) => ports ?? []).some((port) =>
    taken.some((other) =>
      port.hostPort === other.port && (port.protocol ?? "TCP") === other.protocol &&
      (everywhere(port.hostIP ?? "") || everywhere(other.ip) || port.hostIP === other.ip)
    )
  );
}

function hasMoreRoom(pod: Pod, event: ClusterEvent): boolean {
  const { allocatable } = nodeAfter(event);
  const before = nodeBefore(event)?.allocatable;
  const of = (all: Readonly<Record<string, string>>, name: string) =>
    all[name] === undefined ? 0 : amount(name, all[name]);
  const asked = [...podRequest(pod).requests, ["pods", 1] as const];
  if (asked.some(([name, wanted]) => of(allocatable, name) < wanted)) return false;
  return before === undefined ||
    asked.some(([name]) => of(allocatable, name) > of(before, name));
}

function freesWhatIsAskedFor(pod: Pod, event: ClusterEvent): boolean {
  const before = (event.before as KnownPod).requests;
  const after = (event.after as KnownPod).requests;
  return [...podRequest(pod).requests].some(([name, wanted]) =>
    wanted > 0 && (after.get(name) ?? 0) < (before.get(name) ?? 0)
  );
}

function spreadConstraints(pod: Pod) {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule");
}

function isCountedBySpread(pod: Pod, other: KnownPod): boolean {
  return other.namespace === (pod.metadata?.namespace ?? "") &&
    spreadConstraints(pod).some(({ labelSelector }) =>
      labelSelectorMatcher(labelSelector).matches(other.labels)
    );
}

/** A node comes to, leaves or moves between the domains that are counted. */
function changesDomains(pod: Pod, event: ClusterEvent): boolean {
  const keys = spreadConstraints(pod).map(({ topologyKey = "" }) => topologyKey);
  const whole = (node: KnownNode | undefined) =>
    node !== undefined && keys.every((key) => node.labels[key] !== undefined);
  const before = nodeBefore(event);
  const after = event.after as KnownNode | undefined;
  if (whole(before) !== whole(after)) return true;
  return whole(after) && keys.some((key) => before?.labels[key] !== after?.labels[key]);
}

function requiredTerms(pod: Pod, kind: "podAffinity" | "podAntiAffinity"): PodAffinityTerm[] {
  return pod.spec?.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Namespaces that only a selector names are not looked up here: any may be meant. */
function selects(term: PodAffinityTerm, pod: Pod, other: KnownPod): boolean {
  const names = term.namespaces ?? [];
  const own = names.length === 0 && term.namespaceSelector === undefined
    ? [pod.metadata?.namespace ?? ""]
    : names;
  if (term.namespaceSelector === undefined && !own.includes(other.namespace)) return false;
  return labelSelectorMatcher(term.labelSelector).matches(other.labels);
}

function stopsKeepingAway(pod: Pod, event: ClusterEvent): boolean {
  const before = event.before as KnownPod;
  const after = event.after as KnownPod;
  return before.keepsAway === true ||
    requiredTerms(pod, "podAntiAffinity").some((term) =>
      selects(term, pod, before) && !selects(term, pod, after)
    );
}

function becomesDomain(pod: Pod, event: ClusterEvent): boolean {
  const before = nodeBefore(event);
  const { labels } = nodeAfter(event);
  const terms = [...requiredTerms(pod, "podAffinity"), ...requiredTerms(pod, "podAntiAffinity")];
  // Refused by the rules of other pods alone: any node may be one where these are not.
  if (terms.length === 0) return before === undefined || before.labels !== labels;
  return terms.some(({ topologyKey = "" }) =>
    before === undefined || before.labels[topologyKey] !== labels[topologyKey]
  );
}
