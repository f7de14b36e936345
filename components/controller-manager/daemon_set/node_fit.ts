import {
  type DaemonSet,
  type Node,
  type Pod,
  type PodSpec,
  selectsNode,
  type Toleration,
  untolerated,
} from "../../api/mod.ts";
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE } from "../taints.ts";

const PRESSURES = ["disk-pressure", "memory-pressure", "pid-pressure"] as const;

/** What a daemon's pod puts up with, whatever its template says: it belongs to the node, not to the workload on it. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const exists = (key: string, effect: string): Toleration => ({ key, operator: "Exists", effect });
  const added = [
    exists(NOT_READY, "NoExecute"),
    exists(UNREACHABLE, "NoExecute"),
    ...PRESSURES.map((name) => exists(`node.kubernetes.io/${name}`, "NoSchedule")),
    exists(UNSCHEDULABLE, "NoSchedule"),
    ...(spec.hostNetwork === true
      ? [exists("node.kubernetes.io/network-unavailable", "NoSchedule")]
      : []),
  ];
  const kept = (spec.tolerations ?? []).filter((one) =>
    !added.some((other) => other.key === one.key && other.effect === one.effect)
  );
  return [...kept, ...added];
}

/** Whether a daemon's pod is to be on a node, and whether one that is there may stay. */
export function daemonFits(set: DaemonSet, node: Node): { runs: boolean; stays: boolean } {
  const spec = set.spec?.template?.spec ?? {};
  const name = node.metadata?.name ?? "";
  const wanted = spec.nodeName ?? "";
  if (
    (wanted !== "" && wanted !== name) ||
    !selectsNode(spec, { name, labels: node.metadata?.labels ?? {} })
  ) {
    return { runs: false, stays: false };
  }
  const tolerations = daemonTolerations(spec);
  const taints = node.spec?.taints;
  const stays = untolerated(taints, tolerations, ["NoExecute"]).length === 0;
  const runs = stays && untolerated(taints, tolerations, ["NoSchedule"]).length === 0;
  return { runs, stays };
}

/** The node that a daemon's pod is on, or is made for. */
export function targetNode(pod: Pod): string | undefined {
  if ((pod.spec?.nodeName ?? "") !== "") return pod.spec!.nodeName;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator, values }) =>
      key === "metadata.name" && operator === "In" && values?.length === 1
    );
    if (field !== undefined) return field.values?.[0];
  }
  return undefined;
}

/** A template's spec made for one node, which takes the place of all its required terms. */
export function specForNode(spec: PodSpec, node: string): PodSpec {
  const field = { key: "metadata.name", operator: "In", values: [node] };
  return {
    ...spec,
    tolerations: daemonTolerations(spec),
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [field] }],
        },
      },
    },
  };
}
