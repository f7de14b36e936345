import type { Counter, Histogram, MetricRegistry } from "../../base/mod.ts";

const SECONDS = Array.from({ length: 25 }, (_, i) => 5e-6 * 2 ** i);

/** How values were encrypted and decrypted, under upstream's names. */
export class TransformationMetrics {
  readonly #operations: Counter;
  readonly #duration: Histogram;

  constructor(registry: MetricRegistry, readonly now: () => number) {
    this.#operations = registry.counter(
      "apiserver_storage_transformation_operations_total",
      "[ALPHA] Total number of transformations. Successful transformation will have a status 'OK' and a varied status " +
        "string when the transformation fails. The status, resource, and transformation_type fields can be used for " +
        "alerting purposes.",
      ["resource", "transformation_type", "transformer_prefix", "status"],
    );
    this.#duration = registry.histogram(
      "apiserver_storage_transformation_duration_seconds",
      "[ALPHA] Latencies in seconds of value transformation operations.",
      SECONDS,
      ["transformation_type", "transformer_prefix"],
    );
  }

  /** The result is called once, with whether it went well. */
  start(type: "to_storage" | "from_storage", prefix: string, resource: string) {
    const started = this.now();
    return (ok: boolean) => {
      this.#operations.add(1, resource, type, prefix, ok ? "OK" : "Unknown");
      if (ok) this.#duration.observe((this.now() - started) / 1000, type, prefix);
    };
  }
}
