import type { Clock } from "../base/mod.ts";
import {
  childProcesses,
  nodeHolder,
  openFabric,
  openNodeNamespace,
  processWords,
  readState,
  removeNodeDirectory,
} from "../host/mod.ts";
import type { DataLayout } from "./data_directory.ts";

const FABRIC = "fabric";
/** Who watches a container under Podman: one process for each that runs, and one for each command that is run in it. */
const MONITOR = "conmon";
const COMMAND_FLAG = /^--exec-/;

/** A node that runs on although its cluster does not. */
export interface LeftNode {
  readonly name: string;
  /** How many containers run in it. */
  readonly containers: number;
}

function isMonitor([program = "", ...args]: readonly string[]): boolean {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return name === MONITOR && !args.some((word) => COMMAND_FLAG.test(word));
}

/** The nodes that run on a data directory, whoever started them. */
export async function standingNodes(layout: DataLayout): Promise<LeftNode[]> {
  const found: LeftNode[] = [];
  for (const name of (await nodesThere(layout)).sort()) {
    const holder = await nodeHolder(`${layout.nodes}/${name}`);
    if (holder === undefined) continue;
    const children = await childProcesses(holder.pid);
    const words = await Promise.all(children.map((pid) => processWords(pid)));
    found.push({ name, containers: words.filter(isMonitor).length });
  }
  return found;
}

/**
 * Ends what the nodes of a cluster that was killed have left running: their namespaces with everything in them, and
 * what these were plugged into. Only while the data directory is ours.
 */
export async function endLeftNodes(layout: DataLayout, clock: Clock): Promise<void> {
  const directory = `${layout.nodes}/${FABRIC}`;
  const names = await nodesThere(layout);
  const standing: string[] = [];
  for (const name of names) {
    const state = await readState(`${layout.nodes}/${name}/namespace.json`);
    if (state !== undefined) standing.push(name);
  }
  if (standing.length === 0 && await readState(`${directory}/fabric.json`) === undefined) return;
  const fabric = await openFabric({
    name: layout.root,
    directory,
    rootless: Deno.uid() !== 0,
    clock,
  });
  for (const name of standing) {
    const namespace = await openNodeNamespace({
      fabric,
      name,
      directory: `${layout.nodes}/${name}`,
      clock,
    });
    await namespace.destroy();
  }
  await fabric.destroy();
}

/** Ends them and removes their files, also those of users that only their namespaces knew. */
export async function removeNodes(layout: DataLayout, clock: Clock): Promise<void> {
  await endLeftNodes(layout, clock);
  for (const name of await nodesThere(layout)) {
    await removeNodeDirectory(`${layout.nodes}/${name}`, Deno.uid() !== 0);
  }
}

async function nodesThere(layout: DataLayout): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(layout.nodes)) {
      if (name !== FABRIC) names.push(name);
    }
    return names;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
