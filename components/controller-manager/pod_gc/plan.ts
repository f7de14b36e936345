import type { Node, Pod } from "../../api/mod.ts";
import { conditionOf, isTerminal, timeOf } from "../pod_state.ts";
import { OUT_OF_SERVICE } from "../taints.ts";

/** How long a node has to be missing before its pods are given up. */
export const QUARANTINE_MILLISECONDS = 40_000;

export interface PodGcInput {
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Since when each missing node has been found missing. */
  readonly missingSince: ReadonlyMap<string, number>;
  /** Finished pods that are kept; 0 or less keeps all. */
  readonly threshold: number;
  readonly now: number;
}

export interface PodGcDeletion {
  readonly pod: Pod;
  /** Said on the pod, which also becomes Failed, before it goes. */
  readonly disruption?: { readonly reason: string; readonly message: string };
}

export interface PodGcPlan {
  readonly deletions: readonly PodGcDeletion[];
  readonly missingSince: ReadonlyMap<string, number>;
}

/** What the collector of pods deletes, and which nodes it now misses. */
export function planPodGc(input: PodGcInput): PodGcPlan {
  const missingSince = new Map<string, number>();
  const deletions = new Map<Pod, PodGcDeletion>();
  const finished: Pod[] = [];
  for (const pod of input.pods) {
    const nodeName = pod.spec?.nodeName ?? "";
    const node = input.nodes.get(nodeName);
    const going = pod.metadata?.deletionTimestamp !== undefined;
    if (isTerminal(pod) && !going) finished.push(pod);
    if (nodeName === "") {
      if (going) deletions.set(pod, { pod });
    } else if (node === undefined) {
      const since = input.missingSince.get(nodeName) ?? input.now;
      missingSince.set(nodeName, since);
      if (input.now - since >= QUARANTINE_MILLISECONDS) {
        deletions.set(pod, {
          pod,
          disruption: {
            reason: "DeletionByPodGC",
            message: "PodGC: node no longer exists",
          },
        });
      }
    } else if (going && isOutOfService(node)) {
      deletions.set(pod, { pod });
    }
  }
  const surplus = input.threshold > 0 ? finished.length - input.threshold : 0;
  if (surplus > 0) {
    finished.sort(byAge);
    for (const pod of finished.slice(0, surplus)) {
      if (!deletions.has(pod)) deletions.set(pod, { pod });
    }
  }
  return { deletions: [...deletions.values()], missingSince };
}

function isOutOfService(node: Node): boolean {
  return conditionOf(node.status?.conditions, "Ready")?.status !== "True" &&
    (node.spec?.taints?.some((taint) => taint.key === OUT_OF_SERVICE) ?? false);
}

/** Evicted pods first, then the oldest. */
function byAge(a: Pod, b: Pod): number {
  const evicted = +(b.status?.reason === "Evicted") - +(a.status?.reason === "Evicted");
  return evicted !== 0 ? evicted : timeOf(a.metadata?.creationTimestamp) -
    timeOf(b.metadata?.creationTimestamp);
}
