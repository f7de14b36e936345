import { type Clock, systemClock } from "../base/mod.ts";
import {
  endProcess,
  processEnd,
  readState,
  removeState,
  signalProcess,
  writeState,
} from "../host/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import { type Instance, readInstance, removeInstance, runningInstance } from "./instance.ts";
import { endLeftNodes } from "./left_nodes.ts";
import { plainMessage, StartError } from "./start_error.ts";

/** How the one that ends a cluster wants it ended; a file, because a signal carries no words. */
export interface StopRequest {
  /** Nodes' containers go on running and are adopted at the next start. */
  readonly keepContainers: boolean;
}

/** Time for an ordered end; then the process is killed. */
const STOP_TIMEOUT_MILLISECONDS = 90_000;

const requestPath = (layout: DataLayout) => `${layout.root}/stop-request.json`;

/** Reads the request that goes with the signal that has come, and removes it. */
export async function takeStopRequest(layout: DataLayout): Promise<StopRequest> {
  const request = await readState<StopRequest>(requestPath(layout));
  await removeState(requestPath(layout));
  return request ?? { keepContainers: false };
}

/**
 * Ends the cluster that runs on a data directory and waits for it. Answers what ran; undefined where nothing did.
 * What a killed cluster has left behind is cleared away too.
 */
export async function stopCluster(
  layout: DataLayout,
  request: StopRequest,
  clock: Clock = systemClock,
): Promise<Instance | undefined> {
  const running = await runningInstance(layout);
  if (running === undefined) {
    if (await readInstance(layout) !== undefined) {
      // It was killed: what it would have ended is ended now.
      if (!request.keepContainers) await endLeftNodes(layout, clock);
      await removeInstance(layout);
    }
    return undefined;
  }
  await writeRequest(layout, request);
  await signalProcess(running.process, "SIGTERM");
  if (!await processEnd(running.process, clock, STOP_TIMEOUT_MILLISECONDS)) {
    await endProcess(running.process, clock, 0);
    throw new StartError(`process ${running.process.pid} did not end in time and was killed`);
  }
  return running;
}

/** Only an unusual end needs words: the usual one works on a full disk too. */
async function writeRequest(layout: DataLayout, request: StopRequest): Promise<void> {
  if (!request.keepContainers) return await removeState(requestPath(layout));
  try {
    await writeState(requestPath(layout), request);
  } catch (error) {
    throw new StartError(`cannot ask for the containers to be kept: ${plainMessage(error)}`);
  }
}
