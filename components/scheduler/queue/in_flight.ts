import type { ClusterEvent } from "./cluster_event.ts";

/** Events that are kept for pods being tried; a pod that was tried through more than these counts as helped. */
const EVENTS_MAXIMUM = 10_000;

/** What happened while pods were being tried: each sees, when it comes back, what came after it was taken. */
export class InFlight {
  /** The number of the first event that each pod has not seen; in the order in which they were taken. */
  readonly #since = new Map<string, number>();
  readonly #events: { readonly event: ClusterEvent; readonly only: string | undefined }[] = [];
  /** The number of the first event that is kept. */
  #first = 0;

  get size(): number {
    return this.#since.size;
  }

  get events(): number {
    return this.#events.length;
  }

  begin(key: string): void {
    this.#since.set(key, this.#first + this.#events.length);
  }

  /** Kept while anybody is being tried; `only` is the one pod that the event is about. */
  record(event: ClusterEvent, only?: string): void {
    if (this.#since.size === 0) return;
    this.#events.push({ event, only });
    if (this.#events.length > EVENTS_MAXIMUM) {
      this.#first += EVENTS_MAXIMUM >> 1;
      this.#events.splice(0, EVENTS_MAXIMUM >> 1);
    }
  }

  /** Ends the pod's attempt; what it has not seen, or undefined where that is no longer known. */
  end(key: string): readonly ClusterEvent[] | undefined {
    const since = this.#since.get(key);
    if (since === undefined) return [];
    this.#since.delete(key);
    const missed = since < this.#first ? undefined : this.#events.slice(since - this.#first)
      .filter(({ only }) => only === undefined || only === key)
      .map(({ event }) => event);
    this.#forget();
    return missed;
  }

  #forget(): void {
    // The pod that was taken first has seen the least.
    const [oldest] = this.#since.values();
    const keep = oldest ?? this.#first + this.#events.length;
    const gone = Math.max(0, keep - this.#first);
    if (gone === 0) return;
    this.#events.splice(0, gone);
    this.#first += gone;
  }
}
