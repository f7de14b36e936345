/** How many past events a watch cache keeps; whichever bound is reached first holds. */
export interface WindowLimits {
  readonly events: number;
  /** Of values that are kept only because an event still shows them. */
  readonly bytes: number;
  readonly seconds: number;
}

export const WINDOW_LIMITS: WindowLimits = {
  events: 50_000,
  bytes: 32 * 1024 * 1024,
  seconds: 120,
};

interface Slot<E> {
  readonly event: E;
  readonly bytes: number;
  readonly at: number;
}

/** The last events, in order of revision, within bounds. */
export class WatchWindow<E extends { readonly revision: number; readonly key: string }> {
  #slots: Slot<E>[] = [];
  #head = 0;
  #bytes = 0;

  /** `start`: the revision from which on every event is pushed. */
  constructor(private start: number, readonly limits: WindowLimits) {}

  /** The oldest revision after which every event is here. */
  get startRevision(): number {
    return this.start;
  }

  get length(): number {
    return this.#slots.length - this.#head;
  }

  push(event: E, bytes: number, now: number): void {
    this.#slots.push({ event, bytes, at: now });
    this.#bytes += bytes;
    const { events, seconds } = this.limits;
    for (let slot = this.#slots[this.#head]; slot !== undefined; slot = this.#slots[this.#head]) {
      const inBounds = this.length <= events && this.#bytes <= this.limits.bytes;
      if (inBounds && slot.at >= now - seconds * 1000) break;
      this.start = slot.event.revision;
      this.#bytes -= slot.bytes;
      this.#head++;
    }
    if (this.#head > 1000 && this.#head > this.#slots.length / 2) {
      this.#slots = this.#slots.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The events after a revision whose keys start with `prefix`. */
  since(after: number, prefix: string): E[] {
    let low = this.#head;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] as Slot<E>).event.revision <= after) low = middle + 1;
      else high = middle;
    }
    const found: E[] = [];
    for (let at = low; at < this.#slots.length; at++) {
      const { event } = this.#slots[at] as Slot<E>;
      if (event.key.startsWith(prefix)) found.push(event);
    }
    return found;
  }
}
