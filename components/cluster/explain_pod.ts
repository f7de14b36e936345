import { type Event, EVENTS, type Pod, PODS } from "../api/mod.ts";
import { MetricRegistry, silentLogger, systemClock, systemRandom } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { ExplainedPod, NodeVerdict } from "../scheduler/mod.ts";
import type { SchedulerQuestion } from "./scheduler_question.ts";

/** Why a pod is what it is, as far as the API tells. */
export interface PodExplanation {
  readonly pod: string;
  readonly phase: string;
  readonly node?: string;
  /** Sentences, the most telling first. */
  readonly reasons: readonly string[];
  /** Why no node took it, where none has. */
  readonly message?: string;
  /** Each node's verdict when the pod was decided on, or as things stand where nobody remembers that. */
  readonly nodes: Readonly<Record<string, NodeVerdict>>;
  /** What would have a pending pod placed. */
  readonly wouldFit: readonly string[];
  readonly events: readonly { readonly reason: string; readonly message: string }[];
}

const EVENTS_SHOWN_MAXIMUM = 10;
/** A scheduler of this name is nobody's: it looks and places nothing. */
const ONLOOKER = "coracle-explain";

/**
 * Explains one pod: where it may run, why it waits, why its containers have ended. `ask` asks the scheduler, where it
 * can be reached.
 */
export async function explainPod(
  client: Client,
  namespace: string,
  name: string,
  ask?: SchedulerQuestion,
): Promise<PodExplanation> {
  const pod = await client.get<Pod>(PODS, name, namespace);
  const uid = pod.metadata?.uid ?? "";
  const events = await client.list<Event>(EVENTS, {
    namespace,
    fieldSelector: `involvedObject.uid=${uid}`,
  });
  const node = pod.spec?.nodeName;
  const isPending = node === undefined || node === "";
  const decision = await decided(client, pod, ask);
  return {
    pod: `${namespace}/${name}`,
    phase: pod.status?.phase ?? "Unknown",
    ...(isPending ? {} : { node }),
    reasons: podReasons(pod),
    ...(decision.node !== null || decision.message === undefined
      ? {}
      : { message: decision.message }),
    nodes: decision.nodes,
    wouldFit: decision.wouldFit ?? [],
    events: events.items
      .toSorted((a, b) => (a.lastTimestamp ?? "").localeCompare(b.lastTimestamp ?? ""))
      .slice(-EVENTS_SHOWN_MAXIMUM)
      .map(({ reason = "", message = "" }) => ({ reason, message })),
  };
}

/** What a pod's status says about why. Pure. */
export function podReasons(pod: Pod): string[] {
  const reasons: string[] = [];
  const { status } = pod;
  if (pod.metadata?.deletionTimestamp !== undefined) {
    const finalizers = pod.metadata.finalizers ?? [];
    reasons.push(
      finalizers.length === 0
        ? "it is being deleted: its containers have time to end"
        : `it is being deleted and waits for ${finalizers.join(", ")}`,
    );
  }
  if (status?.reason !== undefined && status.reason !== "") {
    reasons.push(`${status.reason}: ${status.message ?? ""}`);
  }
  for (const gate of pod.spec?.schedulingGates ?? []) {
    reasons.push(`it is not scheduled while it has the gate ${gate.name}`);
  }
  const containers = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []];
  for (const { name, state, lastState, restartCount = 0 } of containers) {
    const { waiting, terminated } = state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "PodInitializing") {
      reasons.push(`container ${name} waits: ${sentence(waiting.reason, waiting.message)}`);
    }
    if (terminated !== undefined && terminated.exitCode !== 0) {
      reasons.push(`container ${name} ended with ${terminated.exitCode}: ${terminated.reason}`);
    }
    const before = lastState?.terminated;
    if (before !== undefined) {
      reasons.push(
        `container ${name} was restarted ${restartCount} times; the last one ended with ` +
          `${before.exitCode} (${sentence(before.reason, before.message)}) at ${before.finishedAt}`,
      );
    }
  }
  for (const { type, status: is, reason, message } of status?.conditions ?? []) {
    if (is === "False" && message !== undefined && message !== "") {
      reasons.push(`not ${type}: ${sentence(reason, message)}`);
    }
  }
  return reasons;
}

function sentence(reason = "", message = ""): string {
  return message === "" ? reason : `${reason}: ${message}`;
}

/** The schedulers' own JSON of a decision, and nothing beside it. Pure. */
export function decisionJson({ message, node, nodes, pod }: PodExplanation): unknown {
  return { pod, node: node ?? null, ...(message === undefined ? {} : { message }), nodes };
}

/** What the scheduler remembers; what one that only looks would say, where that is about another node or nothing. */
async function decided(
  client: Client,
  pod: Pod,
  ask: SchedulerQuestion | undefined,
): Promise<ExplainedPod> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const remembered = await ask?.(namespace, name).catch(() => undefined);
  const node = pod.spec?.nodeName ?? "";
  if (remembered !== undefined && (remembered.node ?? "") === node) return remembered;
  return await judged(client, pod);
}

/** Asks a scheduler that only looks. */
async function judged(client: Client, pod: Pod): Promise<ExplainedPod> {
  const { defaultConfiguration, openCore, startScheduler } = await import("../scheduler/mod.ts");
  const scheduler = startScheduler({
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: new MetricRegistry(),
    core: openCore(),
    configuration: {
      ...defaultConfiguration(),
      profiles: [{ schedulerName: ONLOOKER, pluginConfig: [] }],
    },
  });
  try {
    await scheduler.ready;
    return await scheduler.judge(pod);
  } finally {
    await scheduler.end();
  }
}
