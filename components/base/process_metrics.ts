import type { MetricRegistry } from "./metrics.ts";

/** Where Linux counts a process's time: hundredths of a second, on all machines there are. */
const TICKS_PER_SECOND = 100;

/** The metrics of this process that every Kubernetes component has. What the machine does not tell is left out. */
export function registerProcessMetrics(registry: MetricRegistry): void {
  const gauge = (name: string, help: string) => registry.gauge(`process_${name}`, help);
  const cpu = registry.counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
  );
  const resident = gauge("resident_memory_bytes", "Resident memory size in bytes.");
  const virtual = gauge("virtual_memory_bytes", "Virtual memory size in bytes.");
  const start = gauge(
    "start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
  );
  const open = gauge("open_fds", "Number of open file descriptors.");
  const maximum = gauge("max_fds", "Maximum number of open file descriptors.");
  let booted: number | undefined;
  registry.onCollect(() => {
    resident.set(Deno.memoryUsage().rss);
    const stat = statFields(read("/proc/self/stat"));
    if (stat.length === 0) return;
    cpu.series().value = (field(stat, 14) + field(stat, 15)) / TICKS_PER_SECOND;
    virtual.set(field(stat, 23));
    booted ??= Number(/^btime (\d+)$/m.exec(read("/proc/stat"))?.[1] ?? 0);
    start.set(booted + field(stat, 22) / TICKS_PER_SECOND);
    maximum.set(Number(/^Max open files\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1] ?? 0));
    open.set(countFiles());
  });
}

/** Fields of `/proc/self/stat`, the first at 1; the command's name may hold blanks. Pure. */
function statFields(text: string): string[] {
  const end = text.lastIndexOf(")");
  return end < 0 ? [] : ["", "", "", ...text.slice(end + 2).trim().split(" ")];
}

const field = (fields: readonly string[], number: number): number => Number(fields[number] ?? 0);

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function countFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}
