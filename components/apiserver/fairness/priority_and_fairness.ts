import type { Clock, MetricRegistry, Timer } from "../../base/mod.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "../../api/served.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import { isLongRunning } from "../request_info.ts";
import { lendSeats } from "./borrowing.ts";
import { Classifier } from "./classifier.ts";
import { FairnessMetrics } from "./fairness_metrics.ts";
import { planFairness } from "./fairness_plan.ts";
import { type Gate, type Place, unlimited } from "./gate.ts";
import { LevelState } from "./level_state.ts";
import { SchemaState } from "./schema_state.ts";
import { Turn } from "./turn.ts";
import { estimateWork, type WorkCounts } from "./work_estimate.ts";

export interface FairnessOptions {
  readonly clock: Clock;
  readonly metrics: MetricRegistry;
  readonly counts: WorkCounts;
  /** Requests answered at once, over all levels. */
  readonly seats: number;
  /** The longest that a request waits for its turn. */
  readonly waitMaximumMilliseconds: number;
}

/** How often seats are lent and given back. */
const ADJUSTMENT_MILLISECONDS = 10_000;
const LEVEL_HEADER = "x-kubernetes-pf-prioritylevel-uid";
const SCHEMA_HEADER = "x-kubernetes-pf-flowschema-uid";

/** API priority and fairness: who gets a seat at once, who waits for one, who is turned away. */
export class PriorityAndFairness implements Gate {
  readonly #options: FairnessOptions;
  readonly #metrics: FairnessMetrics;
  readonly #levels = new Map<string, LevelState>();
  #schemas = new Map<string, SchemaState>();
  #classifier: Classifier;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: FairnessOptions) {
    this.#options = options;
    this.#metrics = new FairnessMetrics(options.metrics);
    this.#classifier = new Classifier([]);
    options.metrics.onCollect(() => this.#metrics.show(this.#levels.values(), this.schemas));
    this.configure([], []);
    this.#adjustLater();
  }

  get levels(): Iterable<LevelState> {
    return this.#levels.values();
  }

  get schemas(): Iterable<SchemaState> {
    return this.#schemas.values();
  }

  /** Takes the objects as they are now. Who waits or is answered goes on. */
  configure(
    schemas: readonly FlowSchema[],
    levels: readonly PriorityLevelConfiguration[],
  ): void {
    const { clock, seats } = this.#options;
    const plan = planFairness(schemas, levels, seats);
    for (const [name, level] of plan.levels) {
      const state = this.#levels.get(name);
      if (state === undefined) this.#levels.set(name, new LevelState(level, clock));
      else state.configure(level);
    }
    for (const [name, state] of this.#levels) {
      if (plan.levels.has(name)) continue;
      state.quiescing = true;
      if (state.isIdle) this.#levels.delete(name);
    }
    const before = this.#schemas;
    this.#schemas = new Map();
    for (const schema of plan.schemas) {
      const level = this.#levels.get(schema.level);
      if (level === undefined) continue;
      let state = before.get(schema.name);
      if (state?.level === level) state.configure(schema, level);
      else {
        const meters = this.#metrics.metersOf(schema.level, schema.name);
        state = new SchemaState(schema, level, meters);
      }
      this.#schemas.set(schema.name, state);
    }
    this.#classifier = new Classifier([...this.#schemas.values()]);
    this.#lend();
  }

  enter(
    info: RequestInfo,
    user: UserInfo,
    query: URLSearchParams,
    request: Request,
  ): Place | Promise<Place> {
    if (info.verb !== "watch" && isLongRunning(info)) return unlimited();
    const { schema, distinguisher } = this.#classifier.classify(user, info);
    const { level } = schema;
    const { clock, counts } = this.#options;
    const work = estimateWork(info, query, counts, level.seatsMaximum);
    const turn = new Turn(level, schema, distinguisher, work, info, user, clock.monotonic());
    schema.meters.estimatedSeats.observe(turn.seats);
    if (level.enter(turn) === "waits") return this.#wait(turn, request);
    return new Seat(turn);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #wait(turn: Turn, request: Request): Promise<Place> {
    const { clock, waitMaximumMilliseconds } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.after(
        waitMaximumMilliseconds,
        () => turn.level.giveUp(turn, "time-out"),
      );
      const gone = () => turn.level.giveUp(turn, "cancelled");
      turn.settle = () => {
        timer.cancel();
        request.signal.removeEventListener("abort", gone);
        resolve(new Seat(turn));
      };
      request.signal.addEventListener("abort", gone, { once: true });
    });
  }

  #adjustLater(): void {
    this.#timer = this.#options.clock.after(ADJUSTMENT_MILLISECONDS, () => {
      if (this.#closed) return;
      this.#lend();
      this.#adjustLater();
    });
  }

  /** Ends the period: lends what was not used to who asked for more. */
  #lend(): void {
    const now = this.#options.clock.monotonic();
    for (const [name, level] of this.#levels) {
      if (level.quiescing && level.isIdle) this.#levels.delete(name);
    }
    const levels = [...this.#levels.values()];
    const { loans, fairFraction } = lendSeats(levels.map(({ plan, demand }) => {
      const { highWatermark } = demand.endPeriod(now);
      const { exempt, nominal, minimum, maximum } = plan;
      return { exempt, nominal, minimum, maximum, highWatermark, smoothed: demand.smoothed };
    }));
    this.#metrics.fairFraction.set(fairFraction);
    levels.forEach((level, i) => {
      level.limit = loans[i]?.limit ?? level.limit;
      level.target = loans[i]?.target ?? level.target;
      level.dispatch(now);
    });
  }
}

class Seat implements Place {
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  get retryAfterSeconds(): number | undefined {
    const { rejection, level } = this.#turn;
    return rejection === undefined ? undefined : level.dropped.retryAfterSeconds;
  }

  get headers(): readonly (readonly [string, string])[] {
    const { level, schema } = this.#turn;
    return [[LEVEL_HEADER, level.plan.uid], [SCHEMA_HEADER, schema.plan.uid]];
  }

  leave(): void {
    this.#turn.leave();
  }
}
