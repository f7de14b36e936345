import type { Clock, Histogram, HistogramSeries, MetricRegistry } from "../../base/mod.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** Times each plugin where it has something to say, and each pass as a whole, under upstream's names. */
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
  const steps = registry.histogram(
    "apiserver_admission_step_admission_duration_seconds",
    "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API resource and " +
      "step type (validate or admit).",
    SECONDS,
    ["type", "operation", "rejected"],
  );
  const all = plugins.map((plugin) => new MeteredPlugin(plugin, duration));
  return [new MeteredSteps(all, steps, clock)];
}

/** All plugins as one, whose two passes are timed. */
class MeteredSteps implements AdmissionPlugin {
  readonly name = "steps";

  constructor(
    readonly plugins: readonly MeteredPlugin[],
    readonly steps: Histogram,
    readonly clock: Clock,
  ) {}

  handles(): boolean {
    return true;
  }

  admit(request: AdmissionRequest): Promise<void> {
    return this.#pass("admit", request);
  }

  validate(request: AdmissionRequest): Promise<void> {
    return this.#pass("validate", request);
  }

  async #pass(type: PassType, request: AdmissionRequest): Promise<void> {
    const { clock } = this;
    const started = clock.monotonic();
    let last = started;
    let rejected = true;
    let running: MeteredPlugin | undefined;
    try {
      for (const plugin of this.plugins) {
        const pass = plugin[type];
        if (pass === undefined || !plugin.handles(request)) continue;
        running = plugin;
        const pending = pass(request);
        if (pending !== undefined) await pending;
        // One look at the clock ends a plugin and begins the next.
        const now = clock.monotonic();
        plugin.passed(type, request.operation, (now - last) / 1000);
        last = now;
        running = undefined;
      }
      rejected = false;
    } finally {
      const now = clock.monotonic();
      running?.rejected(type, request.operation, (now - last) / 1000);
      this.steps.observe((now - started) / 1000, type, request.operation, String(rejected));
    }
  }
}

type Pass = (request: AdmissionRequest) => void | Promise<void>;
type PassType = "admit" | "validate";
type Operation = AdmissionRequest["operation"];

/** A plugin with its series. Every write passes through all plugins twice, so nothing is made that could be kept. */
class MeteredPlugin {
  readonly #inner: AdmissionPlugin;
  readonly #duration: Histogram;
  readonly #passed: Outcomes = { admit: {}, validate: {} };
  readonly #rejected: Outcomes = { admit: {}, validate: {} };
  readonly admit: Pass | undefined;
  readonly validate: Pass | undefined;

  constructor(inner: AdmissionPlugin, duration: Histogram) {
    this.#inner = inner;
    this.#duration = duration;
    this.admit = inner.admit?.bind(inner);
    this.validate = inner.validate?.bind(inner);
  }

  handles(request: AdmissionRequest): boolean {
    return this.#inner.handles(request);
  }

  passed(type: PassType, operation: Operation, seconds: number): void {
    const series = this.#passed[type][operation] ??= this.#series(type, operation, "false");
    series.observe(seconds);
  }

  rejected(type: PassType, operation: Operation, seconds: number): void {
    const series = this.#rejected[type][operation] ??= this.#series(type, operation, "true");
    series.observe(seconds);
  }

  #series(type: PassType, operation: Operation, rejected: string): HistogramSeries {
    return this.#duration.series(this.#inner.name, type, operation, rejected);
  }
}

type Outcomes = Record<PassType, Partial<Record<Operation, HistogramSeries>>>;
