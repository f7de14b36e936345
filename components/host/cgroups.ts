const ROOT = "/sys/fs/cgroup";
/** Controllers without which requests and limits mean nothing. */
const NEEDED = ["cpu", "memory", "pids"];

/** What this process can do with cgroups. */
export interface CgroupSupport {
  /** `hybrid`: controllers in version 1 hierarchies, with an empty version 2 tree beside them. */
  readonly version: "1" | "2" | "hybrid" | "none";
  /** True when containers can be given limits. */
  readonly limits: boolean;
  /** The folder, absolute within each hierarchy, under which containers' cgroups go. */
  readonly parent?: string;
}

/**
 * Finds out by looking at what may be written. As root every folder may; an ordinary user needs folders that root has
 * handed over once, named `coracle-UID` in each hierarchy.
 */
export async function cgroupSupport(
  uid: number,
  rootless: boolean,
  nodeName: string,
): Promise<CgroupSupport> {
  const version = await cgroupVersion();
  if (version === "none") return { version, limits: false };
  const parent = nodeCgroup(uid, rootless, nodeName);
  const base = rootless ? parent.slice(0, parent.lastIndexOf("/")) : "";
  const folders = version === "2" ? [ROOT] : NEEDED.map((controller) => `${ROOT}/${controller}`);
  for (const folder of folders) {
    if (!await writable(folder + base)) return { version, limits: false };
  }
  if (version === "2" && !await hasControllers(ROOT + base)) return { version, limits: false };
  return { version, limits: true, parent };
}

/** The folder of a node's containers, absolute within each hierarchy. Pure. */
export function nodeCgroup(uid: number, rootless: boolean, nodeName: string): string {
  return rootless ? `/coracle-${uid}/${nodeName}` : `/coracle/${nodeName}`;
}

export async function cgroupVersion(): Promise<CgroupSupport["version"]> {
  if (await exists(`${ROOT}/cgroup.controllers`)) return "2";
  if (await exists(`${ROOT}/memory`)) {
    return await exists(`${ROOT}/unified/cgroup.controllers`) ? "hybrid" : "1";
  }
  return "none";
}

/** How many processes the kernel has killed in a cgroup for want of memory; undefined when it is not there. */
export async function outOfMemoryKills(cgroup: string): Promise<number | undefined> {
  for (const file of [`/memory${cgroup}/memory.oom_control`, `${cgroup}/memory.events`]) {
    const text = await Deno.readTextFile(ROOT + file).catch(() => undefined);
    if (text === undefined) continue;
    const line = text.split("\n").find((candidate) => candidate.startsWith("oom_kill "));
    return Number(line?.split(" ")[1] ?? 0);
  }
  return undefined;
}

/** Removes the empty cgroup folders below and at a parent, in every hierarchy. What is in use stays. */
export async function removeCgroupTree(parent: string): Promise<void> {
  if (parent === "" || parent === "/" || parent.includes("..")) return;
  const hierarchies = await cgroupVersion() === "2" ? [ROOT] : await subfolders(ROOT);
  for (const hierarchy of hierarchies) await removeTree(hierarchy + parent);
}

async function removeTree(folder: string): Promise<void> {
  for (const child of await subfolders(folder)) await removeTree(child);
  await Deno.remove(folder).catch(() => {});
}

async function subfolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory) found.push(`${folder}/${entry.name}`);
    }
  } catch {
    // Not there.
  }
  return found;
}

async function hasControllers(folder: string): Promise<boolean> {
  const text = await Deno.readTextFile(`${folder}/cgroup.controllers`).catch(() => "");
  const present = new Set(text.trim().split(" "));
  return NEEDED.every((controller) => present.has(controller));
}

/** True when a folder can be made there: tried, because mode bits tell little about cgroups. */
async function writable(folder: string): Promise<boolean> {
  const trial = `${folder}/coracle-trial-${Deno.pid}`;
  try {
    await Deno.mkdir(trial);
    await Deno.remove(trial);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
