import type { RefusalCount } from "./core_wasm.ts";

/** Texts of the core's reasons, in its order; the scalar's name is put in front of nothing but its own. */
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
] as const;

/** The text of one reason. */
export function reasonText(reason: number, resource: string): string {
  return REASONS[reason] ?? `Insufficient ${resource}`;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
export function refusalMessage(
  nodes: number,
  refusals: readonly RefusalCount[],
  resource: (interned: number) => string,
  preemption = "",
): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const counts = new Map<string, number>();
  for (const refusal of refusals) {
    const text = reasonText(refusal.reason, resource(refusal.detail));
    counts.set(text, (counts.get(text) ?? 0) + refusal.nodes);
  }
  const items = [...counts].map(([text, count]) => `${count} ${text}`).sort();
  const head = `0/${nodes} nodes are available: ${items.join(", ")}.`;
  return preemption === "" ? head : `${head} ${preemption}`;
}

/** What preemption would say: `helpful` of `nodes` refused it in a way that removing pods could mend. */
export function preemptionMessage(nodes: number, helpful: number): string {
  const parts: string[] = [];
  if (helpful > 0) parts.push(`${helpful} No preemption victims found for incoming pod`);
  if (nodes > helpful) parts.push(`${nodes - helpful} Preemption is not helpful for scheduling`);
  return `preemption: 0/${nodes} nodes are available: ${parts.sort().join(", ")}.`;
}
