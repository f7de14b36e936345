/** Label values in the order in which the metric's labels were declared. */
type LabelValues = readonly string[];

/** Bounds the memory that label values from outside can take. */
const SERIES_PER_METRIC_MAXIMUM = 10_000;

interface Family {
  readonly help: string;
  write(lines: string[]): void;
  reset(): void;
}

/** A set of metrics that one server exposes in Prometheus' text format. */
export class MetricRegistry {
  readonly #families = new Map<string, Family>();
  readonly #collectors: (() => void)[] = [];

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

  /** Calls back before each exposition: for what is cheaper to look up then than to keep. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** What is said of each metric. */
  *helps(): Generator<string> {
    for (const { help } of this.#families.values()) yield help;
  }

  /** The exposition text, ending in a newline. */
  text(): string {
    for (const collect of this.#collectors) collect();
    const lines: string[] = [];
    for (const family of this.#families.values()) family.write(lines);
    return lines.join("\n") + "\n";
  }

  /** Takes every series back to nothing. */
  reset(): void {
    for (const family of this.#families.values()) family.reset();
  }

  #add<F extends Family>(name: string, family: F): F {
    this.#families.set(name, family);
    return family;
  }
}

/** One series of a counter or gauge, for who adds to it so often that finding it would be felt. */
export interface Series {
  readonly labels: LabelValues;
  value: number;
}

/** A value that only rises. */
export class Counter implements Family {
  protected readonly values = new Map<string, Series>();
  /** Takes what is counted past the bound. */
  readonly #spilled: Series = { labels: [], value: 0 };

  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: "counter" | "gauge",
    readonly labelNames: readonly string[],
  ) {}

  add(amount: number, ...labels: string[]): void {
    this.series(...labels).value += amount;
  }

  /** The series of these labels; the same one each time. */
  series(...labels: string[]): Series {
    const key = labels.join("\u0000");
    let entry = this.values.get(key);
    if (entry === undefined) {
      if (this.values.size >= SERIES_PER_METRIC_MAXIMUM) return this.#spilled;
      this.values.set(key, entry = { labels, value: 0 });
    }
    return entry;
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

  /** Series stay, for who holds one; their values go. */
  reset(): void {
    for (const series of this.values.values()) series.value = 0;
  }
}

/** A value that goes both ways. */
export class Gauge extends Counter {
  set(value: number, ...labels: string[]): void {
    this.series(...labels).value = value;
  }

  /** Forgets all series: for gauges that are looked up at each exposition. */
  clear(): void {
    this.values.clear();
  }

  /** What a gauge shows is how things are: there is nothing to take back. */
  override reset(): void {}
}

/** One series of a histogram. */
export class HistogramSeries {
  readonly counts: number[];
  sum = 0;

  constructor(readonly labels: LabelValues, readonly buckets: readonly number[]) {
    this.counts = new Array(buckets.length + 1).fill(0);
  }

  observe(value: number): void {
    const { buckets, counts } = this;
    let bucket = 0;
    while (bucket < buckets.length && value > buckets[bucket]!) bucket++;
    counts[bucket]!++;
    this.sum += value;
  }
}

/** Observations counted into buckets. */
export class Histogram implements Family {
  readonly #series = new Map<string, HistogramSeries>();
  readonly #spilled: HistogramSeries;

  constructor(
    readonly name: string,
    readonly help: string,
    readonly buckets: readonly number[],
    readonly labelNames: readonly string[],
  ) {
    this.#spilled = new HistogramSeries([], buckets);
  }

  observe(value: number, ...labels: string[]): void {
    this.series(...labels).observe(value);
  }

  /** The series of these labels; the same one each time. */
  series(...labels: string[]): HistogramSeries {
    const key = labels.join("\u0000");
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= SERIES_PER_METRIC_MAXIMUM) return this.#spilled;
      this.#series.set(key, series = new HistogramSeries(labels, this.buckets));
    }
    return series;
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

  reset(): void {
    for (const series of this.#series.values()) {
      series.counts.fill(0);
      series.sum = 0;
    }
  }
}

function labelText(names: readonly string[], values: LabelValues): string {
  if (names.length === 0) return "";
  const escape = (text: string) =>
    text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${names.map((name, i) => `${name}="${escape(values[i] ?? "")}"`).join(",")}}`;
}
