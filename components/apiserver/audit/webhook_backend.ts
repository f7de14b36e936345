import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import type { AuditBackend, BatchLimits } from "./audit_backend.ts";
import { BatchBuffer } from "./batch_buffer.ts";

export interface AuditWebhookOptions {
  /** Posts an event list, as the webhook's kubeconfig says; rejects or answers as `fetch` does. */
  readonly post: (body: string) => Promise<Response>;
  readonly batch: BatchLimits;
  /** How long is waited before the first of the tries that follow. */
  readonly initialBackoffMilliseconds: number;
}

const TRIES_MAXIMUM = 5;
const BACKOFF_FACTOR = 1.5;

/** Sends events in lists; a list that cannot be sent after some tries is lost, and said to be. */
export function webhookBackend(
  options: AuditWebhookOptions,
  clock: Clock,
  logger: Logger,
): AuditBackend {
  const { post, batch, initialBackoffMilliseconds } = options;
  const closing = new AbortController();

  async function send(lines: readonly string[]): Promise<void> {
    const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${
      lines.join(",")
    }]}`;
    let wait = initialBackoffMilliseconds;
    for (let tries = 1;; tries++) {
      const problem = await attempt(body);
      if (problem === undefined) return;
      if (tries === TRIES_MAXIMUM || closing.signal.aborted) {
        logger.error("audit events lost", { count: lines.length, problem });
        return;
      }
      await sleep(clock, wait, closing.signal).catch(() => {});
      wait *= BACKOFF_FACTOR;
    }
  }

  async function attempt(body: string): Promise<string | undefined> {
    try {
      const response = await post(body);
      await response.body?.cancel();
      return response.ok ? undefined : `the webhook answered ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  const buffer = new BatchBuffer(batch, clock, send);
  return {
    name: "webhook",
    strict: false,
    record: (line) => buffer.add(line) ? undefined : "the buffer is full",
    async close() {
      closing.abort();
      await buffer.close();
    },
  };
}
