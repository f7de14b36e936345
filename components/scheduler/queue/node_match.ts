import { type Pod, selectsNode, type Taint, untolerated } from "../../api/mod.ts";
import type { KnownNode } from "./known_node.ts";

const KEEPING_AWAY = ["NoSchedule", "NoExecute"];

/** Whether a node has what the pod's nodeSelector and required node affinity ask for. Pure. */
export function matchesNodeAffinity(pod: Pod, node: KnownNode): boolean {
  return selectsNode(pod.spec ?? {}, node);
}

/** The first taint that keeps the pod away and that it does not tolerate. Pure. */
export function untoleratedTaint(pod: Pod, taints: readonly Taint[]): Taint | undefined {
  return untolerated(taints, pod.spec?.tolerations, KEEPING_AWAY)[0];
}
