import { type Clock, hasReason, timestamp } from "../base/mod.ts";
import { type Pod, PODS } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";

/** Binds a pod to a node. Rejects when the server refuses: it is bound already, gone, or another of the same name. */
export async function bind(client: Client, pod: Pod, node: string): Promise<void> {
  const { name, namespace, uid } = pod.metadata ?? {};
  await client.create(PODS, {
    apiVersion: "v1",
    kind: "Binding",
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    target: { apiVersion: "v1", kind: "Node", name: node },
  }, { subresource: "binding" });
}

/** Writes down why a pod is not scheduled; nothing is written where that already stands there. */
export async function reportUnscheduled(
  client: Client,
  clock: Clock,
  pod: Pod,
  reason: "Unschedulable" | "SchedulerError",
  message: string,
): Promise<void> {
  const known = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  if (known?.status === "False" && known.reason === reason && known.message === message) return;
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
  try {
    await client.patch(PODS, pod.metadata?.name ?? "", {
      metadata: { uid: pod.metadata?.uid },
      status: { conditions: [condition] },
    }, { type: "strategic", subresource: "status", namespace: pod.metadata?.namespace ?? "" });
  } catch (error) {
    if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
  }
}
