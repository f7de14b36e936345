import { outputOf } from "./program.ts";

/** Mounts a fresh tmpfs. `sizeBytes` bounds it; the kernel's default is half the memory. */
export async function mountTmpfs(
  path: string,
  options: { readonly mode?: string; readonly sizeBytes?: number } = {},
): Promise<void> {
  const words = [`mode=${options.mode ?? "755"}`];
  if (options.sizeBytes !== undefined) words.push(`size=${options.sizeBytes}`);
  await outputOf(["mount", "-t", "tmpfs", "-o", words.join(","), "tmpfs", path]);
}

/** Takes the topmost mount off a path, at once and also when it is in use. Fine when nothing is mounted. */
export async function unmount(path: string): Promise<void> {
  if (!await isMounted(path)) return;
  await outputOf(["umount", "--lazy", path]);
}

/** Takes off everything that is mounted below a path, the innermost first. */
export async function unmountBelow(path: string): Promise<void> {
  const points = mountPoints(await Deno.readTextFile("/proc/self/mountinfo"));
  const below = [...points.keys()].filter((point) => point.startsWith(`${path}/`));
  for (const point of below.sort((a, b) => b.length - a.length)) await unmount(point);
}

/** True when something is mounted on exactly this path in this process's mount namespace. */
export async function isMounted(path: string): Promise<boolean> {
  return mountPoints(await Deno.readTextFile("/proc/self/mountinfo")).has(path);
}

/** Mount points and the kinds of file system on top of them, by the text of /proc/PID/mountinfo. Pure. */
export function mountPoints(mountinfo: string): Map<string, string> {
  const points = new Map<string, string>();
  for (const line of mountinfo.split("\n")) {
    const separator = line.indexOf(" - ");
    if (separator < 0) continue;
    const point = line.slice(0, separator).split(" ")[4];
    const kind = line.slice(separator + 3).split(" ")[0];
    if (point !== undefined && kind !== undefined) points.set(unescaped(point), kind);
  }
  return points;
}

/** The kernel writes blanks and backslashes in octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}
