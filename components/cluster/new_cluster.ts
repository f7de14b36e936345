import type { Clock } from "../base/mod.ts";
import { type DataLayout, detachedOutput } from "./data_directory.ts";
import { removeNodes } from "./left_nodes.ts";

/** What the start of a cluster found, for its end if it fails. */
export interface FoundPlace {
  /** No cluster was ever started there. */
  readonly isNew: boolean;
  /** The directory itself was not there. */
  readonly isMade: boolean;
}

/** Looks before anything is made. */
export async function findPlace(layout: DataLayout): Promise<FoundPlace> {
  const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);
  return {
    isNew: !await isThere(layout.adminKubeconfig),
    isMade: !await isThere(layout.root),
  };
}

/**
 * Removes what a first start made, after it failed: what never was a cluster must not look like one. The logs stay
 * where a start that waits for this one reads there why.
 */
export async function discardNewCluster(
  layout: DataLayout,
  { isMade, isNew }: FoundPlace,
  clock: Clock,
): Promise<void> {
  if (!isNew) return;
  try {
    await removeNodes(layout, clock);
    for await (const { name } of Deno.readDir(layout.root)) {
      const path = `${layout.root}/${name}`;
      if (name === "lost+found" || path === layout.logs) continue;
      await Deno.remove(path, { recursive: true });
    }
    const isRead = await Deno.stat(detachedOutput(layout)).then(() => true, () => false);
    if (!isRead) await discardLogs(layout, isMade);
  } catch {
    // `reset` removes the rest: the failure itself is what the user must hear.
  }
}

/** Removes the logs of a first start that failed, where nothing else is left, and the directory if it was made for it. */
export async function discardLogs(layout: DataLayout, isMade: boolean): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(layout.root)) {
      if (name !== "lost+found" && `${layout.root}/${name}` !== layout.logs) return;
    }
    await Deno.remove(layout.logs, { recursive: true });
    if (isMade) await Deno.remove(layout.root);
  } catch {
    // Then it stays.
  }
}
