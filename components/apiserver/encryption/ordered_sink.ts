import type { StoreEvent, WatchSink } from "../../storage/mod.ts";

type Opened = readonly StoreEvent[] | Promise<readonly StoreEvent[]>;

/** Hands a watch's events on in their order, though some take time to be opened. */
export class OrderedSink {
  readonly #open: (batch: readonly StoreEvent[]) => Opened;
  readonly #target: WatchSink;
  /** What the store is given. */
  readonly sink: WatchSink;
  /** The end of what is still being opened. */
  #tail: Promise<void> | undefined;
  #cancelled = false;

  constructor(target: WatchSink, open: (batch: readonly StoreEvent[]) => Opened) {
    this.#target = target;
    this.#open = open;
    this.sink = {
      ...(target.omitPrevious === undefined ? {} : { omitPrevious: target.omitPrevious }),
      events: (batch) => this.#events(batch),
      progress: (revision) => this.#after(() => target.progress?.(revision)),
      end: (error) => this.#after(() => target.end(error)),
    };
  }

  cancel(): void {
    this.#cancelled = true;
  }

  #events(batch: readonly StoreEvent[]): void {
    const opened = this.#open(batch);
    if (opened instanceof Promise) {
      this.#follow(opened.then((events) => () => this.#target.events(events)));
    } else this.#after(() => this.#target.events(opened));
  }

  #after(call: () => void): void {
    if (this.#tail === undefined) {
      if (!this.#cancelled) call();
    } else this.#follow(Promise.resolve(call));
  }

  #follow(next: Promise<() => void>): void {
    const before = this.#tail;
    const tail = (async () => {
      await before;
      const call = await next;
      if (!this.#cancelled) call();
    })().finally(() => {
      if (this.#tail === tail) this.#tail = undefined;
    });
    this.#tail = tail;
  }
}
