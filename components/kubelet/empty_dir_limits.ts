import type { Pod } from "../api/mod.ts";
import { type Clock, type Logger, sleep } from "../base/mod.ts";
import { isTerminal } from "./pod_phase.ts";
import { isStatic } from "./mirror_pods.ts";
import { quantityValue } from "./quantity.ts";

export interface EmptyDirLimitOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  pods(): readonly Pod[];
  /** Where a pod's emptyDir lies on the disk. */
  path(uid: string, name: string): string;
  /** Bytes that are in use below a path; undefined where nothing is there. */
  usage(path: string): Promise<number | undefined>;
  evict(pod: Pod, message: string): void;
}

/** How often upstream's eviction manager looks. */
const INTERVAL_MILLISECONDS = 10_000;
/** Looking takes at most this part of the time: a volume may hold millions of files. */
const SHARE = 20;
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** Evicts pods that keep more in an emptyDir on the disk than its `sizeLimit`. What lies in memory the kernel bounds. */
export async function followEmptyDirLimits(
  options: EmptyDirLimitOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = options;
  let pause = INTERVAL_MILLISECONDS;
  let evicted = new Set<string>();
  while (!signal.aborted) {
    await sleep(clock, pause, signal).catch(() => {});
    if (signal.aborted) return;
    const began = clock.monotonic();
    const pods = options.pods();
    const known = new Set(pods.map(({ metadata }) => metadata?.uid ?? ""));
    evicted = new Set([...evicted].filter((uid) => known.has(uid)));
    for (const pod of pods) {
      const uid = pod.metadata?.uid ?? "";
      if (evicted.has(uid) || !isEvictable(pod)) continue;
      const message = await excess(pod, options);
      if (signal.aborted) return;
      if (message === undefined) continue;
      evicted.add(uid);
      options.evict(pod, message);
    }
    pause = Math.max(INTERVAL_MILLISECONDS, SHARE * (clock.monotonic() - began));
  }
}

function isEvictable(pod: Pod): boolean {
  const isCritical = isStatic(pod) || (pod.spec?.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
  return !isCritical && !isTerminal(pod.status?.phase) && pod.status?.startTime !== undefined;
}

/** What is said of the first volume that is over its limit. */
async function excess(pod: Pod, options: EmptyDirLimitOptions): Promise<string | undefined> {
  for (const { emptyDir, name = "" } of pod.spec?.volumes ?? []) {
    const limit = quantityValue(emptyDir?.sizeLimit);
    if (limit <= 0 || emptyDir?.medium === "Memory") continue;
    try {
      const used = await options.usage(options.path(pod.metadata?.uid ?? "", name));
      if (used === undefined || used <= limit) continue;
      return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${
        JSON.stringify(emptyDir?.sizeLimit)
      }. `;
    } catch (error) {
      options.logger.warn("cannot measure a volume", { volume: name, error: String(error) });
    }
  }
  return undefined;
}
