/** Bits of the capability sets in /proc/PID/status. */
const CAP_SYS_RESOURCE = 24n;

/** True when this process may raise limits and lower an oom_score_adj: a right of the machine's root only. */
export async function mayRaiseLimits(): Promise<boolean> {
  const [status, uidMap] = await Promise.all([
    Deno.readTextFile("/proc/self/status"),
    Deno.readTextFile("/proc/self/uid_map"),
  ]);
  return isFirstUserNamespace(uidMap) && hasCapability(status, CAP_SYS_RESOURCE);
}

/** By the text of /proc/PID/status. Pure. */
export function hasCapability(status: string, bit: bigint): boolean {
  for (const line of status.split("\n")) {
    if (!line.startsWith("CapEff:")) continue;
    return (BigInt("0x" + line.slice("CapEff:".length).trim()) >> bit & 1n) === 1n;
  }
  return false;
}

/** True for the machine's own user namespace, by the text of /proc/PID/uid_map. Pure. */
export function isFirstUserNamespace(uidMap: string): boolean {
  const fields = uidMap.trim().split(/\s+/);
  return fields.length === 3 && fields[0] === "0" && fields[1] === "0" &&
    fields[2] === "4294967295";
}

/** A limit of this process by its name in /proc/PID/limits, such as `Max open files`: its hard value. Pure. */
export function hardLimit(limits: string, name: string): number | undefined {
  for (const line of limits.split("\n")) {
    if (!line.startsWith(name)) continue;
    const value = line.slice(name.length).trim().split(/\s+/)[1];
    return value === "unlimited" ? Infinity : Number(value);
  }
  return undefined;
}
