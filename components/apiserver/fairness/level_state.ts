import type { Clock } from "../../base/mod.ts";
import { DroppedRequests } from "./dropped_requests.ts";
import { FairQueues } from "./fair_queues.ts";
import type { LevelPlan } from "./fairness_plan.ts";
import { SeatDemand } from "./seat_demand.ts";
import type { Rejection, Turn } from "./turn.ts";

/** Part of a level's seats that one request may take. */
const SEATS_PART_MAXIMUM = 0.15;

/** A priority level at work: its seats, who has them, and who waits for one. */
export class LevelState {
  readonly demand: SeatDemand;
  readonly dropped = new DroppedRequests();
  #queues: FairQueues | undefined;
  #plan: LevelPlan;
  /** Seats it may give out now; borrowing moves it. */
  limit: number;
  target = 0;
  executing = 0;
  seatsInUse = 0;
  dispatched = 0;
  rejected = 0;
  timedOut = 0;
  cancelled = 0;
  /** No longer configured: takes no new requests, and ends when the last has left. */
  quiescing = false;
  readonly #clock: Clock;

  constructor(plan: LevelPlan, clock: Clock) {
    this.#clock = clock;
    this.#plan = plan;
    this.limit = plan.nominal;
    this.demand = new SeatDemand(clock.monotonic());
    this.configure(plan);
  }

  get plan(): LevelPlan {
    return this.#plan;
  }

  get queues(): FairQueues | undefined {
    return this.#queues;
  }

  /** Takes a new configuration. Who waits goes on waiting, also where nobody may any more. */
  configure(plan: LevelPlan): void {
    this.#plan = plan;
    this.quiescing = false;
    if (plan.queues === undefined) return;
    if (this.#queues === undefined) this.#queues = new FairQueues(plan.queues);
    else this.#queues.shape = plan.queues;
  }

  get waiting(): number {
    return this.queues?.waiting ?? 0;
  }

  get isIdle(): boolean {
    return this.executing === 0 && this.waiting === 0;
  }

  /** The most seats that one request counts. */
  get seatsMaximum(): number {
    return Math.max(1, Math.ceil(this.plan.nominal * SEATS_PART_MAXIMUM));
  }

  /** Lets the request in, or has it wait (it is then told by `settle`), or sets why it is turned away. */
  enter(turn: Turn): "in" | "waits" | "rejected" {
    const { queues, plan } = this;
    const { schema } = turn;
    if (plan.exempt) {
      this.demand.add(turn.seats, turn.arrivedAt);
      this.#start(turn, turn.arrivedAt);
      return "in";
    }
    if (queues === undefined || plan.queues === undefined) {
      if (!this.#hasRoom(turn)) return this.#reject(turn, "concurrency-limit");
      this.demand.add(turn.seats, turn.arrivedAt);
      this.#start(turn, turn.arrivedAt);
      return "in";
    }
    const full = this.seatsInUse >= this.limit;
    const hand = schema.hand(turn.distinguisher, queues.shape);
    if (!queues.enter(turn, hand, this.limit, full)) return this.#reject(turn, "queue-full");
    this.demand.add(turn.seats, turn.arrivedAt);
    if (queues.waiting === 1 && this.#hasRoom(turn)) {
      queues.start(turn);
      this.#start(turn, turn.arrivedAt);
      return "in";
    }
    schema.waiting++;
    schema.waitingSeats += turn.seats;
    turn.schema.meters.queueLength.observe(turn.queue?.waiting.size ?? 0);
    this.dispatch(turn.arrivedAt);
    return turn.started ? "in" : "waits";
  }

  /** Lets in whoever is next, while there is room. */
  dispatch(now: number): void {
    const { queues } = this;
    if (queues === undefined) return;
    for (let next = queues.peek(); next !== undefined; next = queues.peek()) {
      if (!this.#hasRoom(next)) {
        next.schema.meters.noRoom.value++;
        return;
      }
      queues.start(next);
      next.schema.waiting--;
      next.schema.waitingSeats -= next.seats;
      this.#start(next, now);
      next.settle?.();
    }
  }

  /** Turns away one that waits. */
  giveUp(turn: Turn, rejection: Rejection): void {
    if (turn.started || turn.rejection !== undefined) return;
    this.queues?.remove(turn);
    this.demand.add(-turn.seats, this.#clock.monotonic());
    turn.schema.waiting--;
    turn.schema.waitingSeats -= turn.seats;
    if (rejection === "time-out") this.timedOut++;
    else this.cancelled++;
    this.#reject(turn, rejection);
    turn.settle?.();
  }

  /** The request is answered; what its watchers hear of it takes a little longer. */
  leave(turn: Turn): void {
    const now = this.#clock.monotonic();
    const { meters } = turn.schema;
    const meter = turn.info.verb === "watch" ? meters.watchExecution : meters.execution;
    meter.observe((now - turn.startedAt) / 1000);
    this.queues?.answered(turn, now, this.limit);
    turn.schema.executing--;
    const { finalMilliseconds } = turn.work;
    if (finalMilliseconds > 0) this.#clock.after(finalMilliseconds, () => this.#free(turn));
    else this.#free(turn, now);
  }

  #free(turn: Turn, now = this.#clock.monotonic()): void {
    const { seats } = turn;
    this.executing--;
    this.seatsInUse -= seats;
    turn.schema.executingSeats -= seats;
    this.demand.add(-seats, now);
    this.queues?.finish(turn);
    if (this.waiting > 0) this.dispatch(now);
  }

  #start(turn: Turn, now: number): void {
    const { seats, schema } = turn;
    turn.started = true;
    turn.startedAt = now;
    this.executing++;
    this.dispatched++;
    this.seatsInUse += seats;
    schema.executing++;
    schema.executingSeats += seats;
    schema.meters.dispatched.value++;
    if (!this.plan.exempt) schema.meters.waited.observe((now - turn.arrivedAt) / 1000);
  }

  /** One that asks for more than there ever is goes when nobody else does. */
  #hasRoom({ seats }: Turn): boolean {
    return seats > this.limit ? this.executing === 0 : this.seatsInUse + seats <= this.limit;
  }

  #reject(turn: Turn, rejection: Rejection): "rejected" {
    const now = this.#clock.monotonic();
    turn.rejection = rejection;
    this.rejected++;
    this.dropped.add(now);
    turn.schema.meters.rejected(rejection);
    if (turn.queue !== undefined) {
      turn.schema.meters.waitedInVain.observe((now - turn.arrivedAt) / 1000);
    }
    return "rejected";
  }
}
