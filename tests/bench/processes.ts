/** Resident memory of a process and all that it started. */
export async function residentMegabytes(pid: number): Promise<number> {
  let kilobytes = 0;
  for (const member of await family(pid)) {
    const status = await Deno.readTextFile(`/proc/${member}/status`).catch(() => "");
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** Clock ticks a second in `/proc`; the same on every Linux that there is a Deno for. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process and all that it started have used. */
export async function processorSeconds(pid: number): Promise<number> {
  let ticks = 0;
  for (const member of await family(pid)) {
    const stat = await Deno.readTextFile(`/proc/${member}/stat`).catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

async function family(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    // After the name in brackets, which may hold anything: state, then the parent.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
    children.set(parent, [...children.get(parent) ?? [], Number(name)]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...children.get(found[i]!) ?? []);
  return found;
}
