import type { Clock, MetricRegistry } from "../../../base/mod.ts";
import type { AdmissionRequest } from "../../ports.ts";
import type { ConditionsOutcome } from "./conditions.ts";

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const LABELS = ["name", "kind", "type", "operation"];

/** Whose conditions they are: `type` as upstream calls the pass in which they are asked. */
export interface ConditionOwner {
  readonly name: string;
  readonly kind: "webhook" | "policy";
  readonly type: "admit" | "validating" | "validate";
}

/** Begins to ask conditions; what they say ends it. */
export type MeterConditions = (
  owner: ConditionOwner,
  request: AdmissionRequest,
) => (outcome: ConditionsOutcome) => void;

/** Counts and times match conditions, under upstream's names. */
export function conditionMeter(registry: MetricRegistry, clock: Clock): MeterConditions {
  const prefix = "apiserver_admission_match_condition";
  const rest = "identified by name of resource containing the match condition and broken out for " +
    "each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).";
  const errors = registry.counter(
    `${prefix}_evaluation_errors_total`,
    `[ALPHA] Admission match condition evaluation errors count, ${rest}`,
    LABELS,
  );
  const exclusions = registry.counter(
    `${prefix}_exclusions_total`,
    `[ALPHA] Admission match condition evaluation exclusions count, ${rest}`,
    LABELS,
  );
  const duration = registry.histogram(
    `${prefix}_evaluation_seconds`,
    "[ALPHA] Admission match condition evaluation time in seconds, identified by name and broken out for each kind " +
      "containing matchConditions (webhook or policy), operation and type (validate or admit).",
    SECONDS,
    LABELS,
  );
  return ({ name, kind, type }, { operation }) => {
    const started = clock.monotonic();
    return (outcome) => {
      duration.observe((clock.monotonic() - started) / 1000, name, kind, type, operation);
      if ("error" in outcome) errors.add(1, name, kind, type, operation);
      else if (!outcome.matches) exclusions.add(1, name, kind, type, operation);
    };
  };
}
