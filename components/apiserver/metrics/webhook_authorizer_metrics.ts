import type { MetricRegistry } from "../../base/mod.ts";
import type { WebhookAuthorizerMeter } from "../authz/mod.ts";

// deno-fmt-ignore
const SECONDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const CONDITION_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const TYPE = "Webhook";

/** How webhooks that authorize are asked, under upstream's names; `name` is what the configuration calls one. */
export function webhookAuthorizerMeter(registry: MetricRegistry): WebhookAuthorizerMeter {
  const prefix = "apiserver_authorization_webhook";
  const labels = ["name", "result"];
  const total = registry.counter(
    `${prefix}_evaluations_total`,
    "[ALPHA] Round-trips to authorization webhooks.",
    labels,
  );
  const duration = registry.histogram(
    `${prefix}_duration_seconds`,
    "[ALPHA] Request latency in seconds.",
    SECONDS,
    labels,
  );
  const open = registry.counter(
    `${prefix}_evaluations_fail_open_total`,
    "[ALPHA] NoOpinion results due to webhook timeout or error.",
    labels,
  );
  const conditions = "apiserver_authorization_match_condition";
  const exclusions = registry.counter(
    `${conditions}_exclusions_total`,
    "[ALPHA] Total number of exclusions when an authorizer is skipped because match conditions exclude it.",
    ["type", "name"],
  );
  const errors = registry.counter(
    `${conditions}_evaluation_errors_total`,
    "[ALPHA] Total number of errors when an authorizer encounters a match condition error split by authorizer type " +
      "and name.",
    ["type", "name"],
  );
  const evaluation = registry.histogram(
    `${conditions}_evaluation_seconds`,
    "[ALPHA] Authorizer match condition evaluation time in seconds, split by authorizer type and name.",
    CONDITION_SECONDS,
    ["type", "name"],
  );
  return {
    asked(name, result, seconds) {
      total.add(1, name, result);
      duration.observe(seconds, name, result);
    },
    passed: (name, result) => open.add(1, name, result),
    matched(name, outcome, seconds) {
      evaluation.observe(seconds, TYPE, name);
      if (outcome === "excluded") exclusions.add(1, TYPE, name);
      else if (outcome === "error") errors.add(1, TYPE, name);
    },
  };
}
