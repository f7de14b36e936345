import {
  isAlive,
  type ProcessIdentity,
  processIdentity,
  readState,
  removeState,
  writeState,
} from "../host/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import { CORACLE_VERSION } from "./version.ts";

/** How nodes run their pods. */
export type RuntimeName = "podman" | "hollow";

/** The cluster that runs on a data directory, as its process writes it down. */
export interface Instance {
  readonly process: ProcessIdentity;
  readonly version: string;
  readonly server: string;
  readonly runtime: RuntimeName;
  readonly nodes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly state: "starting" | "ready";
}

/** What this process runs, still starting. */
export async function newInstance(
  facts: Pick<Instance, "server" | "runtime" | "nodes" | "startedAt">,
): Promise<Instance> {
  const process = await processIdentity(Deno.pid) ?? { pid: Deno.pid, startTime: "" };
  return { process, version: CORACLE_VERSION, ...facts, state: "starting" };
}

export async function writeInstance(layout: DataLayout, instance: Instance): Promise<void> {
  await writeState(layout.instance, instance);
}

export async function removeInstance(layout: DataLayout): Promise<void> {
  await removeState(layout.instance);
}

/** What was written down last, whether or not it still runs. */
export async function readInstance(layout: DataLayout): Promise<Instance | undefined> {
  return await readState<Instance>(layout.instance);
}

/** The instance whose process runs now. */
export async function runningInstance(layout: DataLayout): Promise<Instance | undefined> {
  const instance = await readInstance(layout);
  return instance !== undefined && await isAlive(instance.process) ? instance : undefined;
}
