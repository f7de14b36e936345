import { ApiError, type Clock, sleep } from "../../base/mod.ts";
import { type Pod, PODS } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";

const RETRY_MILLISECONDS = 1_000;

/** Whether a failed write may have been done all the same: no answer came, or one that says nothing about it. Pure. */
export function isDoubtful(error: unknown): boolean {
  return !(error instanceof ApiError) || error.code >= 500;
}

/**
 * Where a pod is whose binding got no clear answer: its node, empty where it has none, undefined where the pod is gone.
 * Asks until the server says; to take the room for free before that could give it away twice. Rejects when `signal`
 * aborts.
 */
export async function nodeInDoubt(
  client: Client,
  clock: Clock,
  pod: Pod,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name = "", namespace = "", uid } = pod.metadata ?? {};
  for (;;) {
    try {
      const found = await client.find<Pod>(PODS, name, namespace);
      return found?.metadata?.uid === uid ? found?.spec?.nodeName ?? "" : undefined;
    } catch (error) {
      if (!isDoubtful(error)) throw error;
      await sleep(clock, RETRY_MILLISECONDS, signal);
    }
  }
}
