import { NODES } from "../api/mod.ts";
import { type Controller, runLoop } from "./controller.ts";

const ANNOTATION = "node.alpha.kubernetes.io/ttl";

/** Up to which number of nodes kubelets may cache secrets for how long; shrinking has to go below the lower number. */
const STEPS = [
  { most: 100, least: 0, seconds: 0 },
  { most: 500, least: 90, seconds: 15 },
  { most: 1000, least: 450, seconds: 30 },
  { most: 2000, least: 900, seconds: 60 },
  { most: Infinity, least: 1800, seconds: 300 },
] as const;

/** The step for a number of nodes, from the step that holds now. */
export function ttlStep(nodes: number, step: number): number {
  let next = step;
  while (nodes > STEPS[next]!.most) next++;
  while (nodes < STEPS[next]!.least) next--;
  return next;
}

export const ttlSeconds = (step: number): number => STEPS[step]!.seconds;

/** Tells kubelets by the size of the cluster how long they may keep secrets and config maps. */
export const nodeTtlController: Controller = {
  name: "ttl-controller",
  aliases: ["ttl"],
  start(context) {
    const nodes = context.informers.of(NODES);
    let step = 0;
    const loop = runLoop(context, {
      name: "node-ttl",
      needs: [nodes],
      reconcile: async (name) => {
        const node = nodes.get(name);
        const wanted = String(ttlSeconds(step));
        if (node === undefined || node.metadata?.annotations?.[ANNOTATION] === wanted) return;
        const { uid } = node.metadata ?? {};
        await context.client.patch(NODES, name, {
          metadata: { uid, annotations: { [ANNOTATION]: wanted } },
        }, { type: "merge" });
      },
    });
    nodes.onChange(({ key, current, previous }) => {
      const next = ttlStep(nodes.size, step);
      if (next !== step) {
        step = next;
        for (const name of nodes.keys()) loop.queue.add(name);
      } else if (current !== undefined && previous === undefined) loop.queue.add(key);
    });
    return loop;
  },
};
