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
  const all = plugins.map((plugin) => new MeteredPlugin(plugin, duration, clock));
  return [new MeteredSteps(all, steps, clock)];
}

/** All plugins as one, whose two passes are timed. */
class MeteredSteps implements AdmissionPlugin {
  readonly name = "steps";

  constructor(
    readonly plugins: readonly AdmissionPlugin[],
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

  async #pass(type: "admit" | "validate", request: AdmissionRequest): Promise<void> {
    const started = this.clock.monotonic();
    let rejected = true;
    try {
      for (const plugin of this.plugins) {
        if (plugin[type] === undefined || !plugin.handles(request)) continue;
        const pending = plugin[type](request);
        if (pending !== undefined) await pending;
      }
      rejected = false;
    } finally {
      const seconds = (this.clock.monotonic() - started) / 1000;
      this.steps.observe(seconds, type, request.operation, String(rejected));
    }
  }
}

type Pass = (request: AdmissionRequest) => void | Promise<void>;

class MeteredPlugin implements AdmissionPlugin {
  readonly name: string;
  readonly #inner: AdmissionPlugin;
  readonly #duration: Histogram;
  readonly #clock: Clock;
  readonly admit?: Pass;
  readonly validate?: Pass;

  constructor(inner: AdmissionPlugin, duration: Histogram, clock: Clock) {
    this.name = inner.name;
    this.#inner = inner;
    this.#duration = duration;
    this.#clock = clock;
    const { admit, validate } = inner;
    if (admit !== undefined) this.admit = this.#timed("admit", admit.bind(inner));
    if (validate !== undefined) this.validate = this.#timed("validate", validate.bind(inner));
  }

  handles(request: AdmissionRequest): boolean {
    return this.#inner.handles(request);
  }

  /** Every write passes through all plugins twice, so nothing is made here that could be kept. */
  #timed(type: string, run: Pass): Pass {
    const clock = this.#clock;
    const passed = this.#outcomes(type, "false");
    const rejected = this.#outcomes(type, "true");
    const observe = (outcomes: Outcomes, { operation }: AdmissionRequest, started: number) =>
      outcomes(operation).observe((clock.monotonic() - started) / 1000);
    return (request) => {
      const started = clock.monotonic();
      let pending;
      try {
        pending = run(request);
      } catch (error) {
        observe(rejected, request, started);
        throw error;
      }
      if (pending === undefined) return observe(passed, request, started);
      return pending.then(() => observe(passed, request, started), (error) => {
        observe(rejected, request, started);
        throw error;
      });
    };
  }

  #outcomes(type: string, rejected: string): Outcomes {
    const known: Partial<Record<AdmissionRequest["operation"], HistogramSeries>> = {};
    return (operation) =>
      known[operation] ??= this.#duration.series(this.name, type, operation, rejected);
  }
}

type Outcomes = (operation: AdmissionRequest["operation"]) => HistogramSeries;
