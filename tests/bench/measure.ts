/** One line of the table: what was done, how often, how long it took. */
export interface Row {
  readonly name: string;
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly errors: number;
  /** Bytes of one object or one answer, where that says something. */
  readonly bytes?: number;
  /** Processor time of the server's for one operation. */
  readonly processorMicroseconds?: number;
  /** The first thing that went wrong. */
  readonly firstError?: string;
}

export interface Load {
  readonly name: string;
  /** Loops that each do one operation after another. */
  readonly workers: number;
  /** Operations in all, or as many as fit into `seconds`. */
  readonly operations: number;
  readonly seconds?: number;
  readonly bytes?: number;
}

/** Runs an operation in parallel loops; `once` gets the worker's number and the operation's. */
export async function measure(
  load: Load,
  once: (worker: number, operation: number) => Promise<void>,
): Promise<Row> {
  const latencies: number[] = [];
  let errors = 0;
  let firstError: string | undefined;
  let next = 0;
  const started = performance.now();
  const end = started + (load.seconds ?? Infinity) * 1000;
  await Promise.all(Array.from({ length: load.workers }, async (_, worker) => {
    while (next < load.operations && performance.now() < end) {
      const operation = next++;
      const before = performance.now();
      try {
        await once(worker, operation);
        latencies.push(performance.now() - before);
      } catch (error) {
        errors++;
        firstError ??= error instanceof Error ? error.message : String(error);
      }
    }
  }));
  const seconds = (performance.now() - started) / 1000;
  return {
    name: load.name,
    operations: latencies.length,
    perSecond: latencies.length / seconds,
    ...percentiles(latencies),
    errors,
    ...(load.bytes === undefined ? {} : { bytes: load.bytes }),
    ...(firstError === undefined ? {} : { firstError }),
  };
}

export function percentiles(
  milliseconds: number[],
): { readonly p50Milliseconds: number; readonly p99Milliseconds: number } {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Milliseconds: at(0.5), p99Milliseconds: at(0.99) };
}

/** Prints rows as a table of plain text. */
export function printRows(rows: readonly Row[]): void {
  const processor = rows.some(({ processorMicroseconds }) => processorMicroseconds !== undefined);
  printTable(
    [
      ...["", "operations", "per second", "p50 ms", "p99 ms", "bytes"],
      ...processor ? ["server's CPU us"] : [],
      "errors",
    ],
    rows.map((row) => [
      row.name,
      String(row.operations),
      row.perSecond >= 100 ? row.perSecond.toFixed(0) : row.perSecond.toFixed(1),
      row.p50Milliseconds.toFixed(2),
      row.p99Milliseconds.toFixed(2),
      row.bytes === undefined ? "" : String(Math.round(row.bytes)),
      ...processor ? [row.processorMicroseconds?.toFixed(0) ?? ""] : [],
      String(row.errors),
    ]),
  );
  for (const row of rows) {
    if (row.firstError !== undefined) console.log(`first error of ${row.name}: ${row.firstError}`);
  }
}

/** Columns padded to their widest cell; all but the first stand to the right. */
export function printTable(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0))
  );
  const text = (cells: readonly string[]) =>
    widths.map((width, i) =>
      i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width)
    ).join("  ").trimEnd();
  console.log(text(head));
  console.log(widths.map((width) => "-".repeat(width)).join("  "));
  for (const line of lines) console.log(text(line));
}
