import { type Pod, PODS, type PodStatus } from "../api/mod.ts";
import { type Clock, hasReason, type Logger } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { ControlLoop } from "../reconcile/mod.ts";
import { statusPatch } from "./status_patch.ts";

const WRITERS = 8;

interface Entry {
  /** The object in the API that shows the status: for a static pod its mirror. */
  pod: Pod;
  /** The newest status of that object that is known. */
  known: PodStatus | undefined;
  resourceVersion: string;
  wanted: PodStatus;
  /** All has ended: the object may go. */
  finish: boolean;
}

/**
 * Brings pods' statuses to the API: each pod one write at a time, nothing written that is already there, and when a
 * deleted pod has ended, the deletion that lets it go.
 */
export class StatusWriter {
  readonly #client: Client;
  readonly #loop: ControlLoop;
  readonly #entries = new Map<string, Entry>();

  constructor(client: Client, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#loop = new ControlLoop({
      name: "pod-status",
      clock,
      logger,
      workers: WRITERS,
      retry: { initialMilliseconds: 100, maximumMilliseconds: 10_000 },
      reconcile: (uid) => this.#write(uid),
    }).start();
  }

  /** Sets what the API shall show; `pod` is its newest known object. With `finish` a deleted pod is let go. */
  set(uid: string, pod: Pod, wanted: PodStatus, finish: boolean): void {
    const entry = this.#entries.get(uid);
    const resourceVersion = pod.metadata?.resourceVersion ?? "";
    if (entry === undefined || entry.pod.metadata?.uid !== pod.metadata?.uid) {
      this.#entries.set(uid, { pod, known: pod.status, resourceVersion, wanted, finish });
    } else {
      entry.wanted = wanted;
      entry.finish ||= finish;
      if (isNewer(resourceVersion, entry.resourceVersion)) {
        entry.known = pod.status;
        entry.resourceVersion = resourceVersion;
        entry.pod = pod;
      }
    }
    const { known, finish: finishing } = this.#entries.get(uid) as Entry;
    if (finishing || statusPatch(known, wanted) !== undefined) this.#loop.queue.add(uid);
  }

  /** The newest known status: what was written last, or seen since. */
  known(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.known;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  end(): Promise<void> {
    return this.#loop.end();
  }

  async #write(uid: string): Promise<number | void> {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    const { name = "", namespace = "", uid: objectUid = "" } = entry.pod.metadata ?? {};
    const patch = statusPatch(entry.known, entry.wanted);
    try {
      if (patch !== undefined) {
        const written = await this.#client.patch<Pod>(
          PODS,
          name,
          { metadata: { uid: objectUid }, status: patch },
          { type: "strategic", namespace, subresource: "status" },
        );
        if (written.metadata?.uid === objectUid) {
          entry.known = written.status;
          entry.resourceVersion = written.metadata?.resourceVersion ?? entry.resourceVersion;
        }
      }
      if (entry.finish && this.#entries.get(uid) === entry) {
        await this.#client.delete(PODS, name, { namespace, graceSeconds: 0, uid: objectUid });
        this.#entries.delete(uid);
      }
    } catch (error) {
      // Gone, or another pod of the same name: nobody is left to tell.
      if (hasReason(error, "NotFound") || isOtherPod(error)) {
        if (this.#entries.get(uid) === entry) this.#entries.delete(uid);
        return;
      }
      // A busy server says itself when to come back.
      if (hasReason(error, "TooManyRequests")) {
        return (error.details?.retryAfterSeconds ?? 1) * 1000;
      }
      throw error;
    }
  }
}

/** A conflict that no retry mends: the uid given is not that of the pod there now. */
function isOtherPod(error: unknown): boolean {
  return hasReason(error, "Conflict") && error.message.includes("UID");
}

/** Whether a resourceVersion is later than another; both are decimal numbers. */
export function isNewer(a: string, b: string): boolean {
  if (a.length !== b.length) return a.length > b.length;
  return a > b;
}
