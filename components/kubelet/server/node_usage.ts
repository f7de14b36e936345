/** What the machine itself uses, by the kernel's own counters. */
export interface NodeUsage {
  /** Seconds of all processors since boot. */
  readonly cpuSeconds: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
}

const TICKS_PER_SECOND = 100;

/** Reads /proc; zeros where there is none. */
export async function readNodeUsage(): Promise<NodeUsage> {
  const [stat, meminfo] = await Promise.all(
    ["/proc/stat", "/proc/meminfo"].map((path) => Deno.readTextFile(path).catch(() => "")),
  );
  return nodeUsage(stat ?? "", meminfo ?? "");
}

/** The usage by the texts of /proc/stat and /proc/meminfo. Pure. */
export function nodeUsage(stat: string, meminfo: string): NodeUsage {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    (stat.split("\n", 1)[0] ?? "").split(/ +/).map((word, i) => i === 0 ? 0 : Number(word) || 0);
  const memory = (name: string) => {
    const line = meminfo.split("\n").find((each) => each.startsWith(`${name}:`));
    return line === undefined
      ? 0
      : (Number.parseInt(line.slice(name.length + 1).trim(), 10) || 0) * 1024;
  };
  return {
    cpuSeconds: (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND,
    memoryTotalBytes: memory("MemTotal"),
    memoryAvailableBytes: memory("MemAvailable"),
  };
}
