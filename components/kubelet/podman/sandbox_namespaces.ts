import { ProgramError, run } from "../../host/mod.ts";
import { RuntimeError } from "../runtime.ts";
import type { SandboxRecord } from "./sandbox_record.ts";

/** What containerd's pods have too: any user may bind any port of the pod's own network. */
const DEFAULT_SYSCTLS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_unprivileged_port_start": "0",
};
/** Switches that belong to a namespace; another would change the node. */
const SAFE_PREFIXES = ["net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];

/**
 * Makes a pod's namespaces without any process of their own: each is held by a mount, and containers join it by path.
 * One shell, because every process started costs milliseconds.
 */
export async function makeNamespaces(
  record: SandboxRecord,
  folder: string,
  sysctls: Readonly<Record<string, string>>,
): Promise<void> {
  const settings = Object.entries({
    ...(record.hostNetwork ? {} : DEFAULT_SYSCTLS),
    ...sysctls,
  });
  const network = record.hostNetwork ? "" : record.id;
  const ipc = record.hostIPC ? "" : "own";
  await shell(MAKE, [
    folder,
    record.hostname,
    network,
    ipc,
    ...settings.flatMap(([name, value]) => [sysctlPath(name), value]),
  ]);
}

/** Takes the namespaces down. Fine when some of them, or all, are gone. */
export async function removeNamespaces(id: string, folder: string): Promise<void> {
  await shell(REMOVE, [folder, id]);
}

const MAKE = `
folder=$1 host=$2 network=$3 ipc=$4
shift 4
mkdir -p "$folder/shm"
printf '%s\\n' "$host" >"$folder/hostname"
if [ -n "$network" ]; then
  ip netns add "$network"
  : >"$folder/uts"
  unshare --uts="$folder/uts" hostname "$host"
fi
if [ -n "$ipc" ]; then
  : >"$folder/ipc"
  unshare --ipc="$folder/ipc" true
  mount -t tmpfs -o mode=1777,size=65536k,noexec,nosuid,nodev shm "$folder/shm"
fi
[ -n "$network$ipc" ] || exit 0
set_all='[ -z "$0" ] || ip link set lo up
while [ $# -gt 0 ]; do printf %s "$2" >"/proc/sys/$1"; shift 2; done'
exec nsenter \${network:+--net="/run/netns/$network"} \${ipc:+--ipc="$folder/ipc"} -- \\
  sh -ec "$set_all" "$network" "$@"
`;

const REMOVE = `
folder=$1 network=$2
[ ! -e "/run/netns/$network" ] || ip netns delete "$network"
for held in uts ipc shm; do
  [ ! -e "$folder/$held" ] || umount -l "$folder/$held" 2>/dev/null || true
done
rm -rf "$folder"
`;

async function shell(script: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run("/bin/sh", ["-ec", script, "sandbox", ...args]);
  if (code === 0) return;
  throw new RuntimeError("Sandbox", new ProgramError("sandbox set-up", code, stderr).message);
}

/** `net.ipv4.ip_forward` as a path below /proc/sys. Throws for what is not a pod's own. */
export function sysctlPath(name: string): string {
  const dotted = name.replaceAll("/", ".");
  const safe = SAFE_PREFIXES.some((prefix) => dotted.startsWith(prefix)) &&
    !dotted.includes("..") && /^[a-zA-Z0-9._-]+$/.test(dotted);
  if (!safe) throw new RuntimeError("Sandbox", `sysctl "${name}" is not namespaced`);
  // A name with slashes has them where components end: its dots belong to names of links.
  return name.includes("/") ? name : name.replaceAll(".", "/");
}
