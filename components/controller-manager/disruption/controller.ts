import {
  DEPLOYMENTS,
  type KubeObject,
  type Pod,
  POD_DISRUPTION_BUDGETS,
  type PodDisruptionBudget,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from "../../api/mod.ts";
import { objectKey } from "../../reconcile/mod.ts";
import { type Controller, recorderOf, runLoop } from "../controller.ts";
import { BY_NAMESPACE } from "../informers.ts";
import { controllerOf } from "../ownership.ts";
import { isGoing, isReady, isTerminal } from "../pod_state.ts";
import { selectorOf } from "../selectors.ts";
import { planBudget } from "./plan.ts";

type Scaled = KubeObject & { spec?: { replicas?: number } };

/** Counts for every PodDisruptionBudget how many of its pods may be evicted. */
export const disruptionController: Controller = {
  name: "disruption-controller",
  aliases: ["disruption"],
  start(context) {
    const { client, clock } = context;
    const budgets = context.informers.of(POD_DISRUPTION_BUDGETS);
    const pods = context.informers.pods();
    const owners = {
      ReplicaSet: context.informers.of<Scaled>(REPLICA_SETS),
      ReplicationController: context.informers.of<Scaled>(REPLICATION_CONTROLLERS),
      StatefulSet: context.informers.of<Scaled>(STATEFUL_SETS),
      Deployment: context.informers.of<Scaled>(DEPLOYMENTS),
    } as const;
    const events = recorderOf(context, "controllermanager");

    /** The object whose size decides over a pod: its controller, or that one's Deployment. */
    const scaledOwner = (object: KubeObject): Scaled | undefined => {
      const controller = controllerOf(object);
      if (controller === undefined || !(controller.kind in owners)) return undefined;
      const informer = owners[controller.kind as keyof typeof owners];
      const owner = informer.get(`${object.metadata?.namespace}/${controller.name}`);
      if (owner?.metadata?.uid !== controller.uid) return undefined;
      return controller.kind === "ReplicaSet" ? scaledOwner(owner) ?? owner : owner;
    };
    const scaleOf = (budget: PodDisruptionBudget, mine: readonly Pod[]): number | undefined => {
      const found = new Map<string, number>();
      for (const pod of mine) {
        const owner = scaledOwner(pod);
        if (owner === undefined) {
          const message = controllerOf(pod) === undefined
            ? `found no controller ref for pod "${pod.metadata?.name}"`
            : `found no controllers for pod "${pod.metadata?.name}"`;
          events.warning(
            budget,
            "CalculateExpectedPodCountFailed",
            `Failed to calculate the number of expected pods: ${message}`,
          );
          return undefined;
        }
        found.set(owner.metadata?.uid ?? "", owner.spec?.replicas ?? 1);
      }
      return [...found.values()].reduce((sum, replicas) => sum + replicas, 0);
    };

    const loop = runLoop(context, {
      name: "disruption",
      needs: [budgets, pods, ...Object.values(owners)],
      reconcile: async (key): Promise<number | void> => {
        const budget = budgets.get(key);
        if (budget === undefined) return;
        const selector = selectorOf(budget);
        const mine = pods.byIndex(BY_NAMESPACE, budget.metadata?.namespace ?? "")
          .filter((pod) => selector.matches(pod.metadata?.labels) && !isTerminal(pod));
        if (mine.length === 0) events.normal(budget, "NoPods", "No matching pods found");
        const counts = budget.spec?.maxUnavailable !== undefined ||
          typeof budget.spec?.minAvailable === "string";
        const scale = counts ? scaleOf(budget, mine) : mine.length;
        const plan = planBudget(budget, mine, scale, clock.now());
        if (plan.status !== budget.status) {
          await client.update(POD_DISRUPTION_BUDGETS, { ...budget, status: plan.status }, {
            subresource: "status",
          });
        }
        return plan.again;
      },
    });
    budgets.onChange(({ key }) => loop.queue.add(key));
    const touch = (pod: Pod | undefined) => {
      if (pod === undefined) return;
      for (const budget of budgets.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? "")) {
        if (selectorOf(budget).matches(pod.metadata?.labels)) loop.queue.add(objectKey(budget));
      }
    };
    const facts = (pod: Pod | undefined) =>
      pod === undefined
        ? ""
        : JSON.stringify([isReady(pod), isGoing(pod), isTerminal(pod), pod.metadata?.labels]);
    pods.onChange(({ current, previous }) => {
      if (facts(current) === facts(previous)) return;
      touch(current);
      touch(previous);
    });
    for (const informer of Object.values(owners)) {
      informer.onChange(({ current, previous }) => {
        if (current?.spec?.replicas === previous?.spec?.replicas) return;
        const namespace = (current ?? previous)?.metadata?.namespace ?? "";
        for (const budget of budgets.byIndex(BY_NAMESPACE, namespace)) {
          loop.queue.add(objectKey(budget));
        }
      });
    }
    return loop;
  },
};
