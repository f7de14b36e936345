import { type Clock, systemClock } from "../base/mod.ts";
import {
  endProcess,
  processEnd,
  readState,
  removeState,
  signalProcess,
  writeState,
} from "../host/mod.ts";
import { type DataLayout, ownData } from "./data_directory.ts";
import { type Instance, readInstance, removeInstance, runningInstance } from "./instance.ts";
import { endLeftNodes, type LeftNode, standingNodes } from "./left_nodes.ts";
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

/** What there was to end. */
export interface Stopped {
  readonly running: Instance | undefined;
  /** Without a cluster that runs: nodes that ran all the same. They go on only where containers are kept. */
  readonly left: readonly LeftNode[];
}

/** Ends the cluster that runs on a data directory and waits for it; or what is left of one that was killed. */
export async function stopCluster(
  layout: DataLayout,
  request: StopRequest,
  clock: Clock = systemClock,
): Promise<Stopped> {
  const running = await runningInstance(layout);
  if (running === undefined) return { running, left: await stopLeft(layout, request, clock) };
  await writeRequest(layout, request);
  await signalProcess(running.process, "SIGTERM");
  if (!await processEnd(running.process, clock, STOP_TIMEOUT_MILLISECONDS)) {
    await endProcess(running.process, clock, 0);
    throw new StartError(`process ${running.process.pid} did not end in time and was killed`);
  }
  return { running, left: [] };
}

/** What a cluster that was killed would have ended is ended now. */
async function stopLeft(
  layout: DataLayout,
  request: StopRequest,
  clock: Clock,
): Promise<readonly LeftNode[]> {
  const left = await standingNodes(layout);
  const wasKilled = await readInstance(layout) !== undefined;
  if (left.length === 0 && !wasKilled) return left;
  // Another start may be on its way, which takes them over.
  const owned = await ownData(layout.root, `coracle stop, process ${Deno.pid}`);
  try {
    if (!request.keepContainers) await endLeftNodes(layout, clock);
    await removeInstance(layout);
  } finally {
    owned.release();
  }
  return left;
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
