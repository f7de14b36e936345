import type { Clock, MetricRegistry } from "../../base/mod.ts";
import type { RuleMeter } from "../../api/served.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Times the rules of custom resources, under upstream's names. */
export function ruleMeter(registry: MetricRegistry, clock: Clock): RuleMeter {
  const compilation = registry.histogram(
    "apiserver_cel_compilation_duration_seconds",
    "[BETA] CEL compilation time in seconds.",
    SECONDS,
  ).series();
  const evaluation = registry.histogram(
    "apiserver_cel_evaluation_duration_seconds",
    "[BETA] CEL evaluation time in seconds.",
    SECONDS,
  ).series();
  return {
    now: () => clock.monotonic() / 1000,
    compiled: (seconds) => compilation.observe(seconds),
    evaluated: (seconds) => evaluation.observe(seconds),
  };
}
