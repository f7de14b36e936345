import { NODES } from "../../api/mod.ts";
import { type Controller, runEvery } from "../controller.ts";
import { deletePod, markDisrupted } from "../disruption_target.ts";
import { isTerminal } from "../pod_state.ts";
import { eachOf } from "../slow_start.ts";
import { planPodGc } from "./plan.ts";

const PERIOD_MILLISECONDS = 20_000;
const DEFAULT_THRESHOLD = 12_500;

/** Clears away pods that nobody else will: of nodes that are gone, never scheduled, or finished beyond a number. */
export const podGcController: Controller = {
  name: "pod-garbage-collector-controller",
  aliases: ["podgc"],
  start(context) {
    const { client, clock } = context;
    const pods = context.informers.pods();
    const nodes = context.informers.of(NODES);
    let missingSince: ReadonlyMap<string, number> = new Map();
    return runEvery(context, "podgc", PERIOD_MILLISECONDS, [pods, nodes], async () => {
      const plan = planPodGc({
        pods: pods.list(),
        nodes: new Map(nodes.list().map((node) => [node.metadata?.name ?? "", node])),
        missingSince,
        threshold: context.options.terminatedPodThreshold ?? DEFAULT_THRESHOLD,
        now: clock.now(),
      });
      missingSince = plan.missingSince;
      const { error } = await eachOf(plan.deletions, async ({ pod, disruption }) => {
        const status = isTerminal(pod) ? {} : { phase: "Failed" } as const;
        if (disruption !== undefined) {
          await markDisrupted(
            client,
            pod,
            disruption.reason,
            disruption.message,
            clock.now(),
            status,
          );
        }
        await deletePod(client, pod, 0);
      });
      if (error !== undefined) throw error;
    });
  },
};
