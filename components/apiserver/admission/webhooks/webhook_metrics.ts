import type { Clock, Counter, Histogram, MetricRegistry } from "../../../base/mod.ts";
import type { AdmissionRequest } from "../../ports.ts";
import type { Webhook } from "./webhook.ts";

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const CODE_MAXIMUM = 600;

/** What became of a call. */
export type CallOutcome =
  | { readonly is: "allowed" }
  | { readonly is: "denied"; readonly code: number }
  /** It could not be asked: the request is refused, or let pass. */
  | { readonly is: "failed"; readonly open: boolean };

/** Counts and times calls of webhooks, under upstream's names. */
export class WebhookMetrics {
  readonly #clock: Clock;
  readonly #duration: Histogram;
  readonly #requests: Counter;
  readonly #rejections: Counter;
  readonly #open: Counter;

  constructor(registry: MetricRegistry, clock: Clock) {
    this.#clock = clock;
    const prefix = "apiserver_admission_webhook";
    this.#duration = registry.histogram(
      `${prefix}_admission_duration_seconds`,
      "[STABLE] Admission webhook latency histogram in seconds, identified by name and broken out for each " +
        "operation and API resource and type (validate or admit).",
      SECONDS,
      ["name", "type", "operation", "rejected"],
    );
    this.#requests = registry.counter(
      `${prefix}_request_total`,
      "[ALPHA] Admission webhook request total, identified by name and broken out for each admission type " +
        "(validating or mutating) and operation. Additional labels specify whether the request was rejected or not " +
        "and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.",
      ["name", "type", "operation", "code", "rejected"],
    );
    this.#rejections = registry.counter(
      `${prefix}_rejection_count`,
      "[ALPHA] Admission webhook rejection count, identified by name and broken out for each admission type " +
        "(validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or " +
        "apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code " +
        "if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is " +
        "greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.",
      ["name", "type", "operation", "error_type", "rejection_code"],
    );
    this.#open = registry.counter(
      `${prefix}_fail_open_count`,
      "[ALPHA] Admission webhook fail open count, identified by name and broken out for each admission type " +
        "(validating or mutating).",
      ["name", "type"],
    );
  }

  /** Begins a call; what is answered ends it. */
  begin(
    { name }: Webhook,
    { operation }: AdmissionRequest,
    mutating: boolean,
  ): (outcome: CallOutcome) => void {
    const started = this.#clock.monotonic();
    const type = mutating ? "admit" : "validating";
    return (outcome) => {
      const rejected = outcome.is === "denied" || (outcome.is === "failed" && !outcome.open);
      const code = outcome.is === "allowed"
        ? 200
        : outcome.is === "denied"
        ? Math.min(outcome.code, CODE_MAXIMUM)
        : 500;
      const seconds = (this.#clock.monotonic() - started) / 1000;
      this.#duration.observe(seconds, name, type, operation, String(rejected));
      this.#requests.add(1, name, type, operation, String(code), String(rejected));
      if (outcome.is === "failed" && outcome.open) this.#open.add(1, name, type);
      if (!rejected) return;
      const [kind, shown] = outcome.is === "denied"
        ? ["no_error", String(code)]
        : ["calling_webhook_error", "0"];
      this.#rejections.add(1, name, type, operation, kind ?? "", shown ?? "");
    };
  }
}
