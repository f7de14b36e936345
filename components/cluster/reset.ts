import { type Clock, systemClock } from "../base/mod.ts";
import { type DataLayout, ownData } from "./data_directory.ts";
import { removeNodes } from "./left_nodes.ts";
import { StartError } from "./start_error.ts";
import { stopCluster } from "./stop.ts";

/** Ends what runs and removes the data directory. Answers false where there was none. */
export async function resetCluster(
  layout: DataLayout,
  clock: Clock = systemClock,
): Promise<boolean> {
  if (!await isCluster(layout)) return false;
  await stopCluster(layout, { keepContainers: false }, clock);
  const owned = await ownData(layout.root, `coracle reset, process ${Deno.pid}`);
  try {
    await removeNodes(layout, clock);
    await Deno.remove(layout.root, { recursive: true });
  } catch (error) {
    throw new StartError(
      `cannot remove ${layout.root}: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    owned.release();
  }
  return true;
}

/** Only what looks like ours is removed: a wrong --data-dir must not cost anybody their files. */
async function isCluster(layout: DataLayout): Promise<boolean> {
  try {
    await Deno.stat(layout.root);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  for (const part of [layout.store, layout.pki, layout.adminKubeconfig]) {
    try {
      await Deno.stat(part);
      return true;
    } catch {
      // Another part may be there.
    }
  }
  throw new StartError(`${layout.root} holds no cluster; it is left as it is`);
}
