/** Label values in the order in which the metric's labels were declared. */
type LabelValues = readonly string[];

/** Bounds the memory that label values from outside can take. */
const SERIES_PER_METRIC_MAXIMUM = 10_000;

interface Family {
  write(lines: string[]): void;
}

/** A set of metrics that one server exposes in Prometheus' text format. */
export class MetricRegistry {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: readonly string[] = []): Counter {
    return this.#add(name, new Counter(name, help, "counter", labels));
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Gauge {
    return this.#add(name, new Gauge(name, help, "gauge", labels));
  }

  /** `buckets` are upper bounds, rising, in the metric's unit; `+Inf` is added. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly string[] = [],
  ): Histogram {
    return this.#add(name, new Histogram(name, help, buckets, labels));
  }

  /** The exposition text, ending in a newline. */
  text(): string {
    const lines: string[] = [];
    for (const family of this.#families.values()) family.write(lines);
    return lines.join("\n") + "\n";
  }

  #add<F extends Family>(name: string, family: F): F {
    this.#families.set(name, family);
    return family;
  }
}

/** A value that only rises. */
export class Counter implements Family {
  protected readonly values = new Map<string, { labels: LabelValues; value: number }>();

  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: "counter" | "gauge",
    readonly labelNames: readonly string[],
  ) {}

  add(amount: number, ...labels: string[]): void {
    const key = labels.join("\u0000");
    const entry = this.values.get(key);
    if (entry !== undefined) entry.value += amount;
    else if (this.values.size < SERIES_PER_METRIC_MAXIMUM) {
      this.values.set(key, { labels, value: amount });
    }
  }

  value(...labels: string[]): number {
    return this.values.get(labels.join("\u0000"))?.value ?? 0;
  }

  write(lines: string[]): void {
    lines.push(`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} ${this.type}`);
    for (const { labels, value } of this.values.values()) {
      lines.push(`${this.name}${labelText(this.labelNames, labels)} ${value}`);
    }
  }
}

/** A value that goes both ways. */
export class Gauge extends Counter {
  set(value: number, ...labels: string[]): void {
    this.values.set(labels.join("\u0000"), { labels, value });
  }
}

/** Observations counted into buckets. */
export class Histogram implements Family {
  readonly #series = new Map<string, { labels: LabelValues; counts: number[]; sum: number }>();

  constructor(
    readonly name: string,
    readonly help: string,
    readonly buckets: readonly number[],
    readonly labelNames: readonly string[],
  ) {}

  observe(value: number, ...labels: string[]): void {
    const key = labels.join("\u0000");
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= SERIES_PER_METRIC_MAXIMUM) return;
      series = { labels, counts: new Array(this.buckets.length + 1).fill(0), sum: 0 };
      this.#series.set(key, series);
    }
    let bucket = this.buckets.findIndex((bound) => value <= bound);
    if (bucket < 0) bucket = this.buckets.length;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  write(lines: string[]): void {
    lines.push(`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} histogram`);
    for (const { labels, counts, sum } of this.#series.values()) {
      let total = 0;
      counts.forEach((count, i) => {
        total += count;
        const le = i < this.buckets.length ? String(this.buckets[i]) : "+Inf";
        lines.push(
          `${this.name}_bucket${labelText([...this.labelNames, "le"], [...labels, le])} ${total}`,
        );
      });
      lines.push(`${this.name}_sum${labelText(this.labelNames, labels)} ${sum}`);
      lines.push(`${this.name}_count${labelText(this.labelNames, labels)} ${total}`);
    }
  }
}

function labelText(names: readonly string[], values: LabelValues): string {
  if (names.length === 0) return "";
  const escape = (text: string) =>
    text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${names.map((name, i) => `${name}="${escape(values[i] ?? "")}"`).join(",")}}`;
}
