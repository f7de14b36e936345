import type { Clock, MetricRegistry } from "../../base/mod.ts";
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from "../ports.ts";

// deno-fmt-ignore
const SECONDS = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

/** Counts the decisions of one authorizer of the chain that it made for good. */
export function countedDecisions(
  inner: Authorizer,
  type: string,
  registry: MetricRegistry,
): Authorizer {
  const decisions = registry.counter(
    "apiserver_authorization_decisions_total",
    "[ALPHA] Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.",
    ["type", "name", "decision"],
  );
  const allowed = decisions.series(type, type.toLowerCase(), "allowed");
  const denied = decisions.series(type, type.toLowerCase(), "denied");
  const count = (decision: AuthorizationDecision): AuthorizationDecision => {
    if (decision.allowed) allowed.value++;
    else if (decision.denied === true) denied.value++;
    return decision;
  };
  return {
    authorize(attributes) {
      const decision = inner.authorize(attributes);
      return decision instanceof Promise ? decision.then(count) : count(decision);
    },
  };
}

/** Counts and times the decisions of the whole chain. */
export function meteredAuthorizer(
  inner: Authorizer,
  registry: MetricRegistry,
  clock: Clock,
): Authorizer {
  const attempts = registry.counter(
    "authorization_attempts_total",
    "[ALPHA] Counter of authorization attempts broken down by result.",
    ["result"],
  );
  const duration = registry.histogram(
    "authorization_duration_seconds",
    "[ALPHA] Authorization duration in seconds broken out by result.",
    SECONDS,
    ["result"],
  );
  const of = (result: string) => ({
    attempts: attempts.series(result),
    duration: duration.series(result),
  });
  const allowed = of("allowed");
  const denied = of("denied");
  const noOpinion = of("no-opinion");
  const failed = of("error");
  const count = (decision: AuthorizationDecision, started: number): AuthorizationDecision => {
    const result = decision.allowed ? allowed : decision.denied === true ? denied : noOpinion;
    result.attempts.value++;
    result.duration.observe((clock.monotonic() - started) / 1000);
    return decision;
  };
  return {
    authorize(attributes: AuthorizationAttributes) {
      const started = clock.monotonic();
      const decision = inner.authorize(attributes);
      if (!(decision instanceof Promise)) return count(decision, started);
      return decision.then((settled) => count(settled, started), (error) => {
        failed.attempts.value++;
        failed.duration.observe((clock.monotonic() - started) / 1000);
        throw error;
      });
    },
  };
}
