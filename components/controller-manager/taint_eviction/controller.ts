import { equalJson } from "../../base/mod.ts";
import { NODES } from "../../api/mod.ts";
import { objectKey } from "../../reconcile/mod.ts";
import { type Controller, recorderOf, runLoop } from "../controller.ts";
import { deletePod, markDisrupted } from "../disruption_target.ts";
import { BY_NODE } from "../informers.ts";
import { planEviction } from "./plan.ts";

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
export const taintEvictionController: Controller = {
  name: "taint-eviction-controller",
  start(context) {
    const { client, clock } = context;
    const nodes = context.informers.of(NODES);
    const pods = context.informers.pods();
    const events = recorderOf(context, "taint-eviction-controller");
    /** Pods that are to go, and since when they have been under their taints. */
    const scheduled = new Map<string, { uid: string; since: number }>();
    const loop = runLoop(context, {
      name: "taint-eviction",
      needs: [nodes, pods],
      workers: 8,
      reconcile: async (key): Promise<number | void> => {
        const pod = pods.get(key);
        const entry = scheduled.get(key);
        if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) {
          scheduled.delete(key);
          return;
        }
        const plan = planEviction(pod, nodes.get(pod.spec?.nodeName ?? "")?.spec?.taints);
        if (plan.kind === "stay") {
          if (scheduled.delete(key)) {
            events.normal(pod, "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
          }
          return;
        }
        const now = clock.now();
        const uid = pod.metadata?.uid ?? "";
        const since = entry?.uid === uid ? entry.since : now;
        scheduled.set(key, { uid, since });
        const wait = since + plan.afterMilliseconds - now;
        if (wait > 0) return wait;
        events.normal(pod, "TaintManagerEviction", `Marking for deletion Pod ${key}`);
        await markDisrupted(
          client,
          pod,
          "DeletionByTaintManager",
          "Taint manager: deleting due to NoExecute taint",
          now,
        );
        await deletePod(client, pod);
        scheduled.delete(key);
      },
    });
    const isTainted = (node: string) =>
      nodes.get(node)?.spec?.taints?.some((taint) => taint.effect === "NoExecute") ?? false;
    pods.onChange(({ key, current }) => {
      const node = current?.spec?.nodeName ?? "";
      if (scheduled.has(key) || (node !== "" && isTainted(node))) loop.queue.add(key);
    });
    nodes.onChange(({ key, current, previous }) => {
      if (equalJson(current?.spec?.taints, previous?.spec?.taints)) return;
      for (const pod of pods.byIndex(BY_NODE, key)) loop.queue.add(objectKey(pod));
    });
    return loop;
  },
};
