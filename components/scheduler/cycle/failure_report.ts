import { type Clock, hasReason, type Logger, timestamp } from "../../base/mod.ts";
import { type Pod, PODS } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { SchedulerMetrics } from "../scheduler_metrics.ts";
import type { Attempt } from "./attempt.ts";
import type { WriteSlots } from "./write_slots.ts";

export type FailureReason = "Unschedulable" | "SchedulerError";

/**
 * Writes down why a pod is not scheduled, and which node is kept for it: `undefined` leaves that as it is, an empty name
 * takes it back. Nothing is written where all of it already stands there.
 */
export async function reportUnscheduled(
  client: Client,
  clock: Clock,
  pod: Pod,
  reason: FailureReason,
  message: string,
  nominatedNode: string | undefined,
): Promise<void> {
  const known = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  const saysSo = known?.status === "False" && known.reason === reason && known.message === message;
  const nominated = pod.status?.nominatedNodeName ?? "";
  const renominated = nominatedNode !== undefined && nominatedNode !== nominated;
  if (saysSo && !renominated) return;
  const now = timestamp(clock.now());
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason,
    message,
    observedGeneration: pod.metadata?.generation ?? 0,
    lastProbeTime: null,
    lastTransitionTime: known?.status === "False" ? known.lastTransitionTime ?? now : now,
  };
  await patchStatus(client, pod, {
    ...(saysSo ? {} : { conditions: [condition] }),
    ...(renominated ? { nominatedNodeName: nominatedNode === "" ? null : nominatedNode } : {}),
  });
}

/** Writes the node that a pod is expected on. */
export async function reportExpected(client: Client, pod: Pod, node: string): Promise<void> {
  if ((pod.status?.nominatedNodeName ?? "") === node) return;
  await patchStatus(client, pod, { nominatedNodeName: node });
}

async function patchStatus(client: Client, pod: Pod, status: unknown): Promise<void> {
  try {
    await client.patch(PODS, pod.metadata?.name ?? "", {
      metadata: { uid: pod.metadata?.uid },
      status,
    }, { type: "strategic", subresource: "status", namespace: pod.metadata?.namespace ?? "" });
  } catch (error) {
    if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
  }
}

export interface FailureReportsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: SchedulerMetrics;
  readonly writes: WriteSlots;
  tell(pod: Pod, type: "Normal" | "Warning", reason: string, message: string, action: string): void;
}

/** Tells of attempts that placed no pod: counts, an event, and the pod's condition. */
export class FailureReports {
  readonly #options: FailureReportsOptions;

  constructor(options: FailureReportsOptions) {
    this.#options = options;
  }

  /** `back` gives the pod back to the queue before anything is written. */
  report(
    attempt: Attempt,
    result: "unschedulable" | "error",
    message: string,
    nominated: string | undefined,
    back: () => void,
  ): void {
    const { client, clock, logger, tell, writes } = this.#options;
    const { pod, queued } = attempt;
    this.count(attempt, result, back);
    tell(pod, "Warning", "FailedScheduling", message, "Scheduling");
    const reason: FailureReason = result === "error" ? "SchedulerError" : "Unschedulable";
    writes.run(() =>
      reportUnscheduled(client, clock, pod, reason, message, nominated).catch((error) =>
        logger.warn("condition not written", { pod: queued.key, error: String(error) })
      )
    );
  }

  /** The same without telling anybody. */
  count({ profile, started }: Attempt, result: "unschedulable" | "error", back: () => void): void {
    const { clock, metrics } = this.#options;
    metrics.attempt(result, profile.name, (clock.monotonic() - started) / 1000);
    back();
  }
}
