import type { Clock, Logger, MetricRegistry } from "../../base/mod.ts";
import { type Endpoint, pageNotFound } from "../endpoints/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import { dumpFairness } from "./debug_dump.ts";
import { followFairnessObjects } from "./fairness_objects.ts";
import type { Gate } from "./gate.ts";
import { IN_FLIGHT_MAXIMUM, InFlightGate } from "./in_flight_gate.ts";
import { PriorityAndFairness } from "./priority_and_fairness.ts";
import type { WorkCounts } from "./work_estimate.ts";

export interface FlowControlOptions {
  /** Without it only the two numbers below bound what is answered at once. */
  readonly priorityAndFairness: boolean;
  /** Requests that read, at once. */
  readonly readOnlyMaximum: number;
  /** Requests that write, at once; with priority and fairness both are one sum. */
  readonly mutatingMaximum: number;
}

export interface FlowControlServices {
  readonly clock: Clock;
  readonly metrics: MetricRegistry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly logger: Logger;
  readonly counts: WorkCounts;
  /** How long a request may take altogether; a quarter of it may be spent waiting. */
  readonly requestTimeoutMilliseconds: number;
}

export interface OpenGate {
  readonly gate: Gate;
  /** `/debug/api_priority_and_fairness/…`. */
  readonly debug: Endpoint;
  /** Begins to follow the objects; the result ends it. */
  follow(): () => void;
  close(): void;
}

const DUMPS = "/debug/api_priority_and_fairness/";

/** The gate that the options ask for. */
export function openGate(
  options: Partial<FlowControlOptions>,
  services: FlowControlServices,
): OpenGate {
  const { clock, metrics, counts, requestTimeoutMilliseconds } = services;
  const readOnly = options.readOnlyMaximum ?? IN_FLIGHT_MAXIMUM.readOnly;
  const mutating = options.mutatingMaximum ?? IN_FLIGHT_MAXIMUM.mutating;
  if (options.priorityAndFairness === false) {
    const gate = new InFlightGate({ readOnly, mutating });
    return { gate, debug: pageNotFound, follow: () => () => {}, close() {} };
  }
  const fairness = new PriorityAndFairness({
    clock,
    metrics,
    counts,
    seats: readOnly + mutating,
    waitMaximumMilliseconds: requestTimeoutMilliseconds / 4,
  });
  return {
    gate: fairness,
    debug: ({ path, query }) => {
      if (!path.startsWith(DUMPS)) return pageNotFound();
      const offset = clock.now() - clock.monotonic();
      return dumpFairness(fairness, path.slice(DUMPS.length), query, offset) ?? pageNotFound();
    },
    follow: () => followFairnessObjects({ ...services, fairness }),
    close: () => fairness.close(),
  };
}
