import type { Turn } from "./turn.ts";

/** How long a request is taken to last until it is over. */
const GUESSED_MILLISECONDS = 3;

export interface QueueShape {
  readonly queues: number;
  readonly handSize: number;
  readonly lengthLimit: number;
}

/** One queue with something in it. Queues exist only while they have. */
export interface FairQueue {
  readonly index: number;
  /** The virtual time at which its next request would begin. */
  next: number;
  readonly waiting: Set<Turn>;
  executing: number;
  seatsInUse: number;
}

/**
 * The queues of one level, served fairly: virtual time runs for all queues alike, each request costs its queue its
 * seats times its duration, and next goes whichever request would be over first.
 */
export class FairQueues {
  readonly #active = new Map<number, FairQueue>();
  #virtual = 0;
  #at = 0;
  #last = -1;
  /** Seats of all requests that wait or are answered. */
  #seatsAsked = 0;
  waiting = 0;

  constructor(public shape: QueueShape) {}

  get active(): Iterable<FairQueue> {
    return this.#active.values();
  }

  get virtualTime(): number {
    return this.#virtual;
  }

  /** Puts the request into the emptiest queue of its hand; false when that is full and `mayWait` asks for room. */
  enter(turn: Turn, hand: readonly number[], limit: number, mayWait: boolean): boolean {
    this.#pass(turn.arrivedAt, limit);
    const queue = this.#choose(hand);
    if (mayWait && queue.waiting.size >= this.shape.lengthLimit) {
      this.#drop(queue);
      return false;
    }
    if (queue.executing === 0 && queue.waiting.size === 0) queue.next = this.#virtual;
    turn.queue = queue;
    queue.waiting.add(turn);
    this.waiting++;
    this.#seatsAsked += turn.seats;
    return true;
  }

  /** The request that goes next, without taking it. */
  peek(): Turn | undefined {
    if (this.waiting === 0) return undefined;
    let best: Turn | undefined;
    let bestFinish = Infinity;
    let bestDistance = Infinity;
    for (const queue of this.#active.values()) {
      const [first] = queue.waiting;
      if (first === undefined) continue;
      const finish = queue.next + first.cost(GUESSED_MILLISECONDS);
      // Of equals the one goes that comes after the last that went, around the circle.
      const distance = queue.index > this.#last
        ? queue.index - this.#last
        : queue.index - this.#last + Number.MAX_SAFE_INTEGER / 2;
      if (finish < bestFinish || finish === bestFinish && distance < bestDistance) {
        best = first;
        bestFinish = finish;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** Takes a request out of waiting; from now on it is answered. */
  start(turn: Turn): void {
    const { queue } = turn;
    if (queue === undefined) return;
    queue.waiting.delete(turn);
    this.waiting--;
    queue.executing++;
    queue.seatsInUse += turn.seats;
    queue.next += turn.cost(GUESSED_MILLISECONDS);
    this.#last = queue.index;
  }

  /** The request is answered: its queue pays what it really took. */
  answered(turn: Turn, now: number, limit: number): void {
    const { queue } = turn;
    if (queue === undefined) return;
    this.#pass(now, limit);
    queue.next -= turn.cost(GUESSED_MILLISECONDS) - turn.cost(now - turn.startedAt);
  }

  /** All seats of the request are free. */
  finish(turn: Turn): void {
    const { queue } = turn;
    if (queue === undefined) return;
    queue.executing--;
    queue.seatsInUse -= turn.seats;
    this.#seatsAsked -= turn.seats;
    this.#drop(queue);
  }

  /** Takes out a request that waits no longer. */
  remove(turn: Turn): void {
    const { queue } = turn;
    if (queue === undefined || !queue.waiting.delete(turn)) return;
    this.waiting--;
    this.#seatsAsked -= turn.seats;
    this.#drop(queue);
  }

  #choose(hand: readonly number[]): FairQueue {
    let best: FairQueue | undefined;
    let bestWork = Infinity;
    for (const index of hand) {
      const queue = this.#active.get(index);
      if (queue === undefined) {
        const fresh = { index, next: 0, waiting: new Set<Turn>(), executing: 0, seatsInUse: 0 };
        this.#active.set(index, fresh);
        return fresh;
      }
      let work = queue.seatsInUse;
      for (const turn of queue.waiting) work += turn.seats;
      if (work < bestWork) {
        best = queue;
        bestWork = work;
      }
    }
    return best!;
  }

  #drop(queue: FairQueue): void {
    if (queue.executing === 0 && queue.waiting.size === 0) this.#active.delete(queue.index);
  }

  #pass(now: number, limit: number): void {
    const length = now - this.#at;
    this.#at = now;
    const queues = this.#active.size;
    if (length <= 0 || queues === 0) return;
    this.#virtual += length * Math.min(this.#seatsAsked, limit) / queues;
  }
}
