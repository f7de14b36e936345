import { run } from "../../host/mod.ts";

const TIMEOUT_MILLISECONDS = 2_000;

/** True when the kernel's log tells of a container that was killed for want of memory within its limit. */
export async function wasOutOfMemory(containerId: string): Promise<boolean> {
  try {
    const { code, stdout } = await run("dmesg", [], { timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    return code === 0 && tellsOutOfMemory(stdout, containerId);
  } catch {
    // Not there, or not allowed: then nobody knows.
    return false;
  }
}

/** By the kernel log's `oom-kill:` lines, which name the killed task's cgroup. Pure. */
export function tellsOutOfMemory(log: string, containerId: string): boolean {
  return log.split("\n").some((line) =>
    line.includes("oom-kill:") && line.includes("task_memcg=") && line.includes(containerId)
  );
}
