import type { Clock, Counter, Histogram, MetricRegistry } from "../../../base/mod.ts";

const SECONDS = [0.0000005, 0.001, 0.01, 0.1, 1];
const OUT_OF_BUDGET = "validation failed due to running out of cost budget";

/** What is done with a decision of a validating policy. */
export type Enforcement = "allow" | "deny" | "audit" | "warn";

/** Counts and times what policies decide, under upstream's names. */
export class PolicyMetrics {
  readonly #clock: Clock;
  readonly #validated: Counter;
  readonly #validation: Histogram;
  readonly #mutated: Counter;
  readonly #mutation: Histogram;

  constructor(registry: MetricRegistry, clock: Clock) {
    this.#clock = clock;
    const validating = "apiserver_validating_admission_policy_check";
    const labels = ["policy", "policy_binding", "error_type"];
    this.#validated = registry.counter(
      `${validating}_total`,
      "[BETA] Validation admission policy check total, labeled by policy and further identified by binding and " +
        "enforcement action taken.",
      [...labels, "enforcement_action"],
    );
    this.#validation = registry.histogram(
      `${validating}_duration_seconds`,
      "[BETA] Validation admission latency for individual validation expressions in seconds, labeled by policy and " +
        "further including binding and enforcement action taken.",
      SECONDS,
      [...labels, "enforcement_action"],
    );
    const mutating = "apiserver_mutating_admission_policy_check";
    this.#mutated = registry.counter(
      `${mutating}_total`,
      "[ALPHA] Mutation admission policy check total, labeled by policy and further identified by binding.",
      labels,
    );
    this.#mutation = registry.histogram(
      `${mutating}_duration_seconds`,
      "[ALPHA] Mutation admission latency for individual mutation expressions in seconds, labeled by policy and binding.",
      SECONDS,
      labels,
    );
  }

  /** Seconds of some moment: only differences mean something. */
  readonly now = (): number => this.#clock.monotonic() / 1000;

  validated(
    policy: string,
    binding: string,
    { failed, message, seconds }: {
      readonly failed: boolean;
      readonly message: string;
      readonly seconds: number;
    },
    action: Enforcement,
  ): void {
    const error = failed ? errorType(message) : "no_error";
    this.#validated.add(1, policy, binding, error, action);
    this.#validation.observe(seconds, policy, binding, error, action);
  }

  /** `message`: why it failed. */
  mutated(policy: string, binding: string, seconds: number, message?: string): void {
    const error = message === undefined ? "no_error" : errorType(message);
    this.#mutated.add(1, policy, binding, error);
    this.#mutation.observe(seconds, policy, binding, error);
  }
}

function errorType(message: string): string {
  if (message.startsWith("compilation")) return "compile_error";
  return message.startsWith(OUT_OF_BUDGET) ? "out_of_budget" : "invalid_error";
}
