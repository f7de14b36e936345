import { type Pod, untolerated } from "../../api/mod.ts";
import { amount, podRequest } from "../pod_request.ts";
import type { KnownNode } from "../queue/mod.ts";
import type { Explanation } from "./explanation.ts";

/** Sentences that are shown; nodes in a sentence. */
const SENTENCES_MAXIMUM = 20;
const NAMES_MAXIMUM = 3;

/** What would have a pending pod placed, the change that the most nodes wait for first. Pure. */
export function wouldFit(
  pod: Pod,
  explanation: Explanation,
  nodeOf: (name: string) => KnownNode | undefined,
): string[] {
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    const gates = pod.spec?.schedulingGates?.map(({ name }) => name).join(", ");
    return [`the removal of its scheduling gates: ${gates}`];
  }
  const wanted = new Map<string, string[]>();
  for (const [name, verdict] of Object.entries(explanation.nodes)) {
    if (!("rejectedBy" in verdict)) continue;
    const node = nodeOf(name);
    const change = node === undefined ? verdict.reason : changeFor(pod, node, verdict);
    const names = wanted.get(change);
    if (names === undefined) wanted.set(change, [name]);
    else names.push(name);
  }
  if (Object.keys(explanation.nodes).length === 0) return ["a node"];
  return [...wanted].toSorted((a, b) => b[1].length - a[1].length)
    .slice(0, SENTENCES_MAXIMUM)
    .map(([change, names]) => `${change} (${namesText(names)})`);
}

function changeFor(
  pod: Pod,
  node: KnownNode,
  { reason, rejectedBy }: { readonly reason: string; readonly rejectedBy: string },
): string {
  switch (rejectedBy) {
    case "NodeUnschedulable":
      return "kubectl uncordon of the node";
    case "NodeName":
      return `the node ${pod.spec?.nodeName}`;
    case "TaintToleration": {
      const taints = untolerated(node.taints, pod.spec?.tolerations, ["NoSchedule", "NoExecute"]);
      const text = taints.map(({ effect, key, value = "" }) =>
        value === "" ? `${key}:${effect}` : `${key}=${value}:${effect}`
      );
      return `a toleration of ${text.join(", ")}, or nodes without it`;
    }
    case "NodeAffinity": {
      const missing = Object.entries(pod.spec?.nodeSelector ?? {})
        .filter(([key, value]) => node.labels[key] !== value)
        .map(([key, value]) => `${key}=${value}`);
      return missing.length === 0
        ? "labels that the pod's node affinity asks for"
        : `the label ${missing.join(", ")} on nodes`;
    }
    case "NodeResourcesFit": {
      const { requests } = podRequest(pod);
      const lacking = [...requests].filter(([name]) => reason.includes(`Insufficient ${name}`));
      if (lacking.length === 0) return "fewer pods on nodes, or more that they may have";
      return lacking.map(([name, needed]) => {
        const has = node.allocatable[name];
        const whole = has === undefined ? 0 : amount(name, has);
        return needed > whole
          ? `nodes with more ${name}: the pod asks for ${
            quantity(name, needed)
          }, more than they have`
          : `${quantity(name, needed)} of ${name} that other pods do not take`;
      }).join(" and ");
    }
    default:
      return `${rejectedBy} no longer refuses: ${reason}`;
  }
}

function quantity(name: string, amount: number): string {
  if (name === "cpu") return amount % 1000 === 0 ? `${amount / 1000}` : `${amount}m`;
  if (name !== "memory" && name !== "ephemeral-storage") return String(amount);
  const mebibytes = amount / (1024 * 1024);
  return mebibytes >= 1 ? `${Math.ceil(mebibytes)}Mi` : String(amount);
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAXIMUM).join(", ");
  const more = names.length - NAMES_MAXIMUM;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
