import type { Refusal } from "./core_contract.ts";

/** Texts of the core's reasons, in the order of `wasm/src/plugins/mod.rs`; `%` stands for a resource or a text. */
const REASONS = [
  "node(s) were unschedulable",
  "node(s) didn't match the requested node name",
  "node(s) had untolerated taint(s)",
  "node(s) didn't match Pod's node affinity/selector",
  "node(s) didn't have free ports for the requested pod ports",
  "Too many pods",
  "Insufficient cpu",
  "Insufficient memory",
  "Insufficient ephemeral-storage",
  "Insufficient %",
  "node(s) didn't match scheduler-enforced node affinity",
  "node(s) exceed max volume count",
  "node(s) didn't match pod topology spread constraints",
  "node(s) didn't match pod topology spread constraints (missing required label)",
  "node(s) didn't match pod affinity rules",
  "node(s) didn't match pod anti-affinity rules",
  "node(s) didn't satisfy existing pods anti-affinity rules",
  "node(s) didn't match Pod's required features",
  "%",
  "node(s) didn't satisfy plugin(s) [NodeAffinity]",
  "No preemption victims found for incoming pod",
  "Preemption is not helpful for scheduling",
] as const;

/** What a pod is told whose node affinity names nodes that no node can be at once. */
export const CONTRADICTION = "pod affinity terms conflict";

/** The text of one reason; `detail` is the resource or the text that it is about. */
export function reasonText(reason: number, detail: string): string {
  return (REASONS[reason] ?? "%").replace("%", () => detail);
}

/** The number of a text; one that no plugin of the core has is an extra rule's. */
export function reasonNumber(text: string): number {
  const found = REASONS.findIndex((reason) => reason === text);
  if (found !== -1) return found;
  return text.startsWith("Insufficient ")
    ? REASONS.indexOf("Insufficient %")
    : REASONS.indexOf("%");
}

/** `1 Insufficient cpu, 2 node(s) were unschedulable` */
function counted(refusals: readonly Pick<Refusal, "text" | "nodes">[]): string {
  const counts = new Map<string, number>();
  for (const { text, nodes } of refusals) counts.set(text, (counts.get(text) ?? 0) + nodes);
  return [...counts].map(([text, count]) => `${count} ${text}`).sort().join(", ");
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
export function refusalMessage(
  nodes: number,
  refusals: readonly Pick<Refusal, "text" | "nodes">[],
  preemption?: string,
  preFilter?: string,
): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const head = `0/${nodes} nodes are available: ${preFilter ?? counted(refusals)}.`;
  return (preemption ?? "") === "" ? head : `${head} ${preemption}`;
}

/** What preemption says that found nothing. */
export function preemptionRefusal(
  nodes: number,
  refusals: readonly Pick<Refusal, "text" | "nodes">[],
): string {
  return `preemption: 0/${nodes} nodes are available: ${counted(refusals)}.`;
}

/** What preemption would say: `helpful` of `nodes` refused it in a way that removing pods could mend. */
export function preemptionMessage(nodes: number, helpful: number): string {
  return preemptionRefusal(nodes, [
    ...(helpful > 0
      ? [{ text: "No preemption victims found for incoming pod", nodes: helpful }]
      : []),
    ...(nodes > helpful
      ? [{ text: "Preemption is not helpful for scheduling", nodes: nodes - helpful }]
      : []),
  ]);
}
