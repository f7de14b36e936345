import type { Clock, Histogram, HistogramSeries, MetricRegistry } from "../../base/mod.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** Times each plugin where it has something to say, under upstream's names. */
export function meteredAdmission(
  plugins: readonly AdmissionPlugin[],
  registry: MetricRegistry,
  clock: Clock,
): AdmissionPlugin[] {
  const duration = registry.histogram(
    "apiserver_admission_controller_admission_duration_seconds",
    "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for each " +
      "operation and API resource and type (validate or admit).",
    SECONDS,
    ["name", "type", "operation", "rejected"],
  );
  return plugins.map((plugin) => new MeteredPlugin(plugin, duration, clock));
}

class MeteredPlugin implements AdmissionPlugin {
  readonly name: string;
  readonly #inner: AdmissionPlugin;
  readonly #duration: Histogram;
  readonly #clock: Clock;
  readonly #series = new Map<string, HistogramSeries>();
  readonly admit?: (request: AdmissionRequest) => void | Promise<void>;
  readonly validate?: (request: AdmissionRequest) => void | Promise<void>;

  constructor(inner: AdmissionPlugin, duration: Histogram, clock: Clock) {
    this.name = inner.name;
    this.#inner = inner;
    this.#duration = duration;
    this.#clock = clock;
    if (inner.admit !== undefined) {
      this.admit = (request) => this.#timed("admit", request, () => inner.admit?.(request));
    }
    if (inner.validate !== undefined) {
      this.validate = (request) =>
        this.#timed("validate", request, () => inner.validate?.(request));
    }
  }

  handles(request: AdmissionRequest): boolean {
    return this.#inner.handles(request);
  }

  #timed(
    type: string,
    request: AdmissionRequest,
    run: () => void | Promise<void>,
  ): void | Promise<void> {
    const started = this.#clock.monotonic();
    const done = (rejected: boolean) => {
      const key = `${type} ${request.operation} ${rejected}`;
      let series = this.#series.get(key);
      if (series === undefined) {
        series = this.#duration.series(this.name, type, request.operation, String(rejected));
        this.#series.set(key, series);
      }
      series.observe((this.#clock.monotonic() - started) / 1000);
    };
    let pending;
    try {
      pending = run();
    } catch (error) {
      done(true);
      throw error;
    }
    if (pending === undefined) return done(false);
    return pending.then(() => done(false), (error) => {
      done(true);
      throw error;
    });
  }
}
