import { hasReason, timestamp } from "../base/mod.ts";
import { type Pod, PODS } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { conditionOf } from "./pod_state.ts";

/** Says on a pod why it is about to be deleted; `status` carries what else changes with it. */
export async function markDisrupted(
  client: Client,
  pod: Pod,
  reason: string,
  message: string,
  now: number,
  status: { readonly phase?: "Failed" } = {},
): Promise<void> {
  const known = conditionOf(pod.status?.conditions, "DisruptionTarget");
  const marked = known?.status === "True" && known.reason === reason;
  if (marked && (status.phase === undefined || status.phase === pod.status?.phase)) return;
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason,
    message,
    lastTransitionTime: timestamp(now),
  };
  try {
    await client.patch(PODS, pod.metadata?.name ?? "", {
      metadata: { uid: pod.metadata?.uid },
      status: { ...status, conditions: [condition] },
    }, { type: "strategic", subresource: "status", namespace: pod.metadata?.namespace ?? "" });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}

/** Deletes this very pod; one that is gone, or replaced under its name, is let be. */
export async function deletePod(client: Client, pod: Pod, graceSeconds?: number): Promise<void> {
  const { name = "", namespace = "", uid } = pod.metadata ?? {};
  try {
    await client.delete(PODS, name, {
      namespace,
      ...(uid === undefined ? {} : { uid }),
      ...(graceSeconds === undefined ? {} : { graceSeconds }),
    });
  } catch (error) {
    if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
  }
}
