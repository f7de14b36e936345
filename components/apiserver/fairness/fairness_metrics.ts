import type {
  Counter,
  Gauge,
  Histogram,
  HistogramSeries,
  MetricRegistry,
  Series,
} from "../../base/mod.ts";
import { requestKind } from "./gate.ts";
import type { LevelState } from "./level_state.ts";
import type { SchemaState } from "./schema_state.ts";
import type { Rejection } from "./turn.ts";

const WAIT_SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const EXECUTION_SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const QUEUE_LENGTHS = [0, 10, 25, 50, 100, 250, 500, 1000];
const SEATS = [1, 2, 4, 10];
const WATCHERS = [0, 1, 10, 100, 1000, 10000];
const BOTH = ["priority_level", "flow_schema"];
const NAME = "apiserver_flowcontrol_";

/** The series of one flow schema, found once. */
export interface SchemaMeters {
  readonly dispatched: Series;
  readonly noRoom: Series;
  readonly waited: HistogramSeries;
  readonly waitedInVain: HistogramSeries;
  readonly execution: HistogramSeries;
  readonly watchExecution: HistogramSeries;
  readonly queueLength: HistogramSeries;
  readonly estimatedSeats: HistogramSeries;
  readonly watchers: HistogramSeries;
  rejected(reason: Rejection): void;
}

/** Flow control's metrics under upstream's names. */
export class FairnessMetrics {
  readonly #dispatched: Counter;
  readonly #rejected: Counter;
  readonly #noRoom: Counter;
  readonly #wait: Histogram;
  readonly #execution: Histogram;
  readonly #queueLength: Histogram;
  readonly #seats: Histogram;
  readonly #watchers: Histogram;
  readonly #bySchema: readonly (readonly [Gauge, (schema: SchemaState) => number])[];
  readonly #byLevel: readonly (readonly [Gauge, (level: LevelState) => number])[];
  readonly #waiting: Gauge;
  readonly fairFraction: Gauge;

  constructor(registry: MetricRegistry) {
    const counter = (name: string, help: string, labels: string[] = BOTH) =>
      registry.counter(NAME + name, help, labels);
    const gauge = (name: string, help: string, labels: string[]) =>
      registry.gauge(NAME + name, help, labels);
    const histogram = (name: string, help: string, buckets: number[], labels: string[] = BOTH) =>
      registry.histogram(NAME + name, help, buckets, labels);
    this.#dispatched = counter(
      "dispatched_requests_total",
      "[BETA] Number of requests executed by API Priority and Fairness subsystem",
    );
    this.#rejected = counter(
      "rejected_requests_total",
      "[BETA] Number of requests rejected by API Priority and Fairness subsystem",
      [...BOTH, "reason"],
    );
    this.#noRoom = counter(
      "request_dispatch_no_accommodation_total",
      "[ALPHA] Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats",
    );
    this.#wait = histogram(
      "request_wait_duration_seconds",
      "[BETA] Length of time a request spent waiting in its queue",
      WAIT_SECONDS,
      [...BOTH, "execute"],
    );
    this.#execution = histogram(
      "request_execution_seconds",
      "[ALPHA] Duration of initial stage (for a watch) or any (for a non-watch) stage of request execution",
      EXECUTION_SECONDS,
      [...BOTH, "type"],
    );
    this.#queueLength = histogram(
      "request_queue_length_after_enqueue",
      "[ALPHA] Length of queue as seen by each request after it is enqueued",
      QUEUE_LENGTHS,
    );
    this.#seats = histogram(
      "work_estimated_seats",
      "[ALPHA] Number of estimated seats (maximum of initial and final seats) of each request",
      SEATS,
    );
    this.#watchers = histogram(
      "watch_count_samples",
      "[ALPHA] Count of watchers for mutating requests",
      WATCHERS,
    );
    const bySchema = (name: string, help: string, of: (schema: SchemaState) => number) =>
      [gauge(name, help, BOTH), of] as const;
    this.#bySchema = [
      bySchema(
        "current_executing_requests",
        "[BETA] Number of requests in initial (for a watch) or any (for a non-watch) execution stage",
        (schema) => schema.executing,
      ),
      bySchema(
        "current_executing_seats",
        "[BETA] Concurrency (number of seats) occupied by the currently executing requests",
        (schema) => schema.executingSeats,
      ),
      bySchema(
        "request_concurrency_in_use",
        "[ALPHA] Concurrency (number of seats) occupied by the currently executing requests",
        (schema) => schema.executingSeats,
      ),
      bySchema(
        "current_inqueue_requests",
        "[BETA] Number of requests currently pending in queues",
        (schema) => schema.waiting,
      ),
      bySchema(
        "current_inqueue_seats",
        "[ALPHA] Number of seats currently pending in queues",
        (schema) => schema.waitingSeats,
      ),
    ];
    const byLevel = (name: string, help: string, of: (level: LevelState) => number) =>
      [gauge(name, help, ["priority_level"]), of] as const;
    this.#byLevel = [
      byLevel(
        "nominal_limit_seats",
        "[BETA] Nominal number of execution seats configured for each priority level",
        ({ plan }) => plan.nominal,
      ),
      byLevel(
        "request_concurrency_limit",
        "[ALPHA] Nominal number of execution seats configured for each priority level",
        ({ plan }) => plan.nominal,
      ),
      byLevel(
        "lower_limit_seats",
        "[ALPHA] Configured lower bound on number of execution seats available to each priority level",
        ({ plan }) => plan.minimum,
      ),
      byLevel(
        "upper_limit_seats",
        "[ALPHA] Configured upper bound on number of execution seats available to each priority level",
        ({ plan }) => plan.maximum,
      ),
      byLevel(
        "current_limit_seats",
        "[ALPHA] Current derived number of execution seats available to each priority level",
        ({ limit }) => limit,
      ),
      byLevel(
        "target_seats",
        "[ALPHA] Seat allocation targets",
        ({ target }) => target,
      ),
      byLevel(
        "demand_seats_high_watermark",
        "[ALPHA] High watermark, over last adjustment period, of demand_seats",
        ({ demand }) => demand.last.highWatermark,
      ),
      byLevel(
        "demand_seats_average",
        "[ALPHA] Time-weighted average, over last adjustment period, of demand_seats",
        ({ demand }) => demand.last.average,
      ),
      byLevel(
        "demand_seats_stdev",
        "[ALPHA] Time-weighted standard deviation, over last adjustment period, of demand_seats",
        ({ demand }) => demand.last.deviation,
      ),
      byLevel(
        "demand_seats_smoothed",
        "[ALPHA] Smoothed seat demands",
        ({ demand }) => demand.smoothed,
      ),
      byLevel(
        "current_r",
        "[ALPHA] R(time of last change)",
        ({ queues }) => (queues?.virtualTime ?? 0) / 1000,
      ),
    ];
    this.#waiting = registry.gauge(
      "apiserver_current_inqueue_requests",
      "[ALPHA] Maximal number of queued requests in this apiserver per request kind in last second.",
      ["request_kind"],
    );
    this.fairFraction = gauge(
      "seat_fair_frac",
      "[ALPHA] Fair fraction of server's concurrency to allocate to each priority level that can use it",
      [],
    );
  }

  metersOf(level: string, schema: string): SchemaMeters {
    return {
      dispatched: this.#dispatched.series(level, schema),
      noRoom: this.#noRoom.series(level, schema),
      waited: this.#wait.series(level, schema, "true"),
      waitedInVain: this.#wait.series(level, schema, "false"),
      execution: this.#execution.series(level, schema, "regular"),
      watchExecution: this.#execution.series(level, schema, "watch"),
      queueLength: this.#queueLength.series(level, schema),
      estimatedSeats: this.#seats.series(level, schema),
      watchers: this.#watchers.series(level, schema),
      rejected: (reason) => this.#rejected.add(1, level, schema, reason),
    };
  }

  /** Shows how things are, before an exposition. */
  show(levels: Iterable<LevelState>, schemas: Iterable<SchemaState>): void {
    const all = [...schemas];
    for (const [gauge, of] of this.#bySchema) {
      gauge.clear();
      for (const schema of all) {
        gauge.set(of(schema), schema.level.plan.name, schema.plan.name);
      }
    }
    const every = [...levels];
    const waiting = { readOnly: 0, mutating: 0 };
    for (const { queues } of every) {
      for (const queue of queues?.active ?? []) {
        for (const turn of queue.waiting) waiting[requestKind(turn.info)]++;
      }
    }
    this.#waiting.set(waiting.readOnly, "readOnly");
    this.#waiting.set(waiting.mutating, "mutating");
    for (const [gauge, of] of this.#byLevel) {
      gauge.clear();
      for (const level of every) gauge.set(of(level), level.plan.name);
    }
  }
}
