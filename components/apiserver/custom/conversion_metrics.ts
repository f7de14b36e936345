import type { Clock, MetricRegistry } from "../../base/mod.ts";

// deno-fmt-ignore
const SECONDS = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

/** What a conversion by a webhook came to. */
export type ConversionOutcome =
  | "success"
  | "conversion_webhook_call_failure"
  | "conversion_webhook_malformed_response_failure";

/** Begins a call; what is answered ends it. Versions as `group/version`. */
export type MeterConversion = (
  definition: string,
  from: string,
  to: string,
) => (outcome: ConversionOutcome) => void;

/** Counts and times conversions by webhooks, under upstream's names. */
export function conversionMeter(registry: MetricRegistry, clock: Clock): MeterConversion {
  const total = registry.counter(
    "apiserver_conversion_webhook_request_total",
    "[ALPHA] Counter for conversion webhook requests with success/failure and failure error type",
    ["result", "failure_type"],
  );
  const duration = registry.histogram(
    "apiserver_conversion_webhook_duration_seconds",
    "[ALPHA] Conversion webhook request latency",
    SECONDS,
    ["result", "failure_type"],
  );
  const definitions = registry.histogram(
    "apiserver_crd_conversion_webhook_duration_seconds",
    "[ALPHA] CRD webhook conversion duration in seconds",
    SECONDS,
    ["crd_name", "from_version", "to_version", "succeeded"],
  );
  return (definition, from, to) => {
    const started = clock.monotonic();
    return (outcome) => {
      const seconds = (clock.monotonic() - started) / 1000;
      const well = outcome === "success";
      const labels = [well ? "success" : "failure", well ? "" : outcome] as const;
      total.add(1, ...labels);
      duration.observe(seconds, ...labels);
      definitions.observe(seconds, definition, from, to, String(well));
    };
  };
}
