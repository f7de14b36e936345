import { invariant } from "./invariant.ts";

/** First in, first out, with a bound. A full queue refuses; whoever pushes decides what that means. */
export class BoundedQueue<T> {
  readonly #items: (T | undefined)[];
  readonly #capacity: number;
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    invariant(capacity > 0, "a queue's capacity is positive");
    this.#capacity = capacity;
    this.#items = [];
  }

  get size(): number {
    return this.#size;
  }

  /** False, with nothing changed, when the queue is full. */
  push(item: T): boolean {
    if (this.#size === this.#capacity) return false;
    this.#items[(this.#head + this.#size) % this.#capacity] = item;
    this.#size++;
    return true;
  }

  /** The oldest item, or undefined when empty. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#capacity;
    this.#size--;
    return item;
  }
}
