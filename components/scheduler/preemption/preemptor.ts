import { type Clock, hasReason, type Logger, type Random, timestamp } from "../../base/mod.ts";
import { type Pod, PODS } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { Attempt } from "../cycle/attempt.ts";
import { type FitError, fitErrorOfCounts, fitMessage } from "../cycle/fit_error.ts";
import type { Nominations } from "../cycle/nominations.ts";
import type { WaitingPods } from "../cycle/waiting_pods.ts";
import type { EncodedPod, Preemption, PreemptOptions, SchedulerCore } from "../core_contract.ts";
import type { Extender, ExtenderVictims } from "../extenders/extender.ts";
import type { ClusterState } from "../state/cluster_state.ts";
import type { TrackedPod } from "../state/tracked_pod.ts";
import { coreBudgets } from "./budgets.ts";
import { notEligible } from "./eligibility.ts";

export interface PreemptorOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly core: SchedulerCore;
  readonly state: ClusterState;
  readonly nominations: Nominations;
  readonly waiting: WaitingPods;
  readonly extenders: readonly Extender[];
  /** Whether pods that were preempted still end on a node, of a lower priority than this. */
  endingOn(node: string, priority: number): boolean;
  /** Tells of a victim. */
  preempted(victim: TrackedPod, message: string, profile: string): void;
  /** Victims of one preemption. */
  counted(victims: number): void;
  /** The preemptor may be tried again. */
  done(key: string): void;
}

/** What preemption found: a node that is being made room on, or why there is none. */
export type PostFilter =
  | { readonly node: string }
  | { readonly node?: never; readonly message: string };

/** Victims that are removed at once. */
const PARALLEL_MAXIMUM = 16;
const REASON = "PreemptionByScheduler";

/** Makes room for pods of higher priority: chooses at once, removes while other pods are decided. */
export class Preemptor {
  readonly #options: PreemptorOptions;
  /** Pods for which victims are being removed; they are kept out of the queue meanwhile. */
  readonly #running = new Set<string>();

  constructor(options: PreemptorOptions) {
    this.#options = options;
  }

  /** Whether the pod has to wait until its victims have been asked to go. */
  isRunning(uid: string): boolean {
    return this.#running.has(uid);
  }

  async preempt(attempt: Attempt, encoded: EncodedPod, error: FitError): Promise<PostFilter> {
    const { core, endingOn, nominations } = this.#options;
    const { pod, tracked } = attempt;
    const nominated = nominations.nodeOf(tracked.handle) || tracked.nominatedNode;
    const refused = notEligible(pod, nominated !== "" && endingOn(nominated, tracked.priority));
    if (refused !== undefined) return { message: `preemption: ${refused}` };
    const nodes = core.nodes;
    if (error.resolvable === 0) {
      return { message: preemptionMessage(nodes, { refusals: [] }) };
    }
    const options = this.#dryRun(attempt);
    let found = core.preempt(encoded, options);
    if (found.chosen !== undefined && this.#options.extenders.length > 0) {
      const left = await this.#askExtenders(pod, found);
      if (typeof left === "string") return { message: left };
      found = core.preempt(encoded, { ...options, within: left });
    }
    if (found.chosen === undefined) return { message: preemptionMessage(nodes, found) };
    const { node, victims } = found.chosen;
    this.#options.counted(victims.length);
    this.#nominate(attempt, node);
    const pods = victims.flatMap((handle) => this.#options.state.podOf(handle) ?? []);
    if (pods.length > 0) {
      this.#running.add(tracked.uid);
      void this.#remove(attempt, node, pods).finally(() => {
        this.#running.delete(tracked.uid);
        this.#options.done(tracked.key);
      });
    }
    return { node };
  }

  #dryRun({ profile }: Attempt): PreemptOptions {
    const { random, state } = this.#options;
    const { minCandidateNodesAbsolute, minCandidateNodesPercentage } = profile.args(
      "DefaultPreemption",
    );
    return {
      candidates: {
        percentage: minCandidateNodesPercentage,
        minimum: minCandidateNodesAbsolute,
      },
      offset: Math.floor(random.next() * 0x7fffffff),
      disruptionBudgets: coreBudgets(
        state.budgets.list(),
        (namespace, name) => state.pods.get(`${namespace}/${name}`)?.handle,
      ),
    };
  }

  /** The nodes that are left when every extender has been asked, or what is wrong. */
  async #askExtenders(pod: Pod, found: Preemption): Promise<string[] | string> {
    const { extenders, state } = this.#options;
    let victims: ReadonlyMap<string, ExtenderVictims> = new Map(
      found.candidates.map(({ node, victims, violations }) => [node, {
        uids: victims.flatMap((handle) => state.podOf(handle)?.uid ?? []),
        violations,
      }]),
    );
    for (const extender of extenders) {
      if (!extender.preempts || !extender.concerns(pod)) continue;
      try {
        victims = await extender.preempt(pod, victims);
      } catch (error) {
        if (!extender.isIgnorable) return `preemption: ${(error as Error).message}`;
      }
    }
    return [...victims.keys()];
  }

  /** The room is kept for the pod; those of lower priority that expected it must look elsewhere. */
  #nominate({ pod, tracked }: Attempt, node: string): void {
    const { logger, nominations, state } = this.#options;
    for (const { handle, key } of nominations.lowerOn(node, tracked.priority)) {
      nominations.delete(handle);
      const other = state.pods.get(key);
      if (other === undefined) continue;
      this.#patch(other, { status: { nominatedNodeName: null } })
        .catch((error) => logger.warn("nomination not taken back", { pod: key, error }));
    }
    nominations.put(tracked.handle, tracked.key, node, pod);
  }

  async #remove(attempt: Attempt, node: string, victims: readonly TrackedPod[]): Promise<void> {
    const left = [...victims];
    const worker = async () => {
      for (let victim = left.shift(); victim !== undefined; victim = left.shift()) {
        try {
          await this.#removeOne(attempt, node, victim);
        } catch (error) {
          this.#options.logger.warn("victim not removed", { pod: victim.key, error });
        }
      }
    };
    const workers = Math.min(PARALLEL_MAXIMUM, victims.length);
    await Promise.all(Array.from({ length: workers }, worker));
  }

  async #removeOne({ profile, tracked }: Attempt, node: string, victim: TrackedPod): Promise<void> {
    const { client, clock, preempted, waiting } = this.#options;
    const message = `Preempted by pod ${tracked.uid} on node ${node}`;
    if (waiting.reject(victim.uid, "DefaultPreemption", "preempted")) {
      return preempted(victim, `${message} (in kube-scheduler memory).`, profile.name);
    }
    if (!victim.terminating) {
      const now = timestamp(clock.now());
      const condition = {
        type: "DisruptionTarget",
        status: "True",
        reason: REASON,
        message: `${profile.name}: preempting to accommodate a higher priority pod`,
        lastProbeTime: null,
        lastTransitionTime: now,
      };
      try {
        await this.#patch(victim, { status: { conditions: [condition] } });
        await client.delete(PODS, victim.name, { namespace: victim.namespace, uid: victim.uid });
      } catch (error) {
        // Gone already, or another of the same name: what was to be had is had.
        if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) return;
        throw error;
      }
    }
    preempted(victim, `${message}.`, profile.name);
  }

  #patch({ name, namespace, uid }: TrackedPod, patch: Record<string, unknown>): Promise<Pod> {
    return this.#options.client.patch(PODS, name, { metadata: { uid }, ...patch }, {
      type: "strategic",
      subresource: "status",
      namespace,
    });
  }
}

/** `preemption: 0/3 nodes are available: 1 Insufficient cpu, 2 Preemption is not helpful for scheduling.` Pure. */
export function preemptionMessage(
  nodes: number,
  { refusals }: Pick<Preemption, "refusals">,
): string {
  const counts = refusals.length > 0 ? refusals : [{
    plugin: "DefaultPreemption",
    text: "Preemption is not helpful for scheduling",
    unresolvable: true,
    nodes,
  }];
  return `preemption: ${fitMessage(fitErrorOfCounts(nodes, counts, 0))}`;
}
