import { type Clock, sleep } from "../base/mod.ts";
import { logTail, spawnDetached } from "./detached.ts";
import type { ProcessIdentity } from "./processes.ts";
import { isAlive } from "./processes.ts";

/** What slirp4netns gives every network it serves. */
export const SLIRP_DEVICE = "tap0";
/** The machine, its loopback included, as seen from inside. */
export const SLIRP_MACHINE = "10.0.2.2";
export const SLIRP_GUEST = "10.0.2.100";
export const SLIRP_RESOLVER = "10.0.2.3";
export const SLIRP_MTU = 65_520;
export const SLIRP_RANGE = "10.0.2.0/24";

const START_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 10;
const ANSWER_MAXIMUM_BYTES = 1024 * 1024;

/** Gives the network namespace of process `pid`, in a user namespace of its own, a way out without root. */
export async function startSlirp(options: {
  readonly pid: number;
  readonly socket: string;
  readonly logFile: string;
  readonly clock: Clock;
}): Promise<ProcessIdentity> {
  const { pid, socket, logFile, clock } = options;
  await Deno.remove(socket).catch(() => {});
  const slirp = await spawnDetached("slirp4netns", [
    "--configure",
    `--mtu=${SLIRP_MTU}`,
    "--api-socket",
    socket,
    `--userns-path=/proc/${pid}/ns/user`,
    "--netns-type=path",
    `/proc/${pid}/ns/net`,
    SLIRP_DEVICE,
  ], { logFile });
  const deadline = clock.monotonic() + START_MILLISECONDS;
  // Its socket answers once the device is configured.
  while (
    await callSlirp(socket, { execute: "list_hostfwd" }).catch(() => undefined) === undefined
  ) {
    if (clock.monotonic() > deadline || !await isAlive(slirp)) {
      throw new Error(`slirp4netns did not come up: ${await logTail(logFile)}`);
    }
    await sleep(clock, POLL_MILLISECONDS);
  }
  return slirp;
}

/** One request to slirp4netns' control socket. Rejects with its complaint. */
export async function callSlirp(
  socket: string,
  request: { readonly execute: string; readonly arguments?: Readonly<Record<string, unknown>> },
): Promise<unknown> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(request));
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    await connection.closeWrite();
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    for (let count; (count = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
      if (text.length > ANSWER_MAXIMUM_BYTES) throw new Error("slirp4netns answers too much");
    }
    const answer = JSON.parse(text) as { return?: unknown; error?: { desc?: string } };
    if (answer.error !== undefined) throw new Error(`slirp4netns: ${answer.error.desc ?? text}`);
    return answer.return ?? answer;
  } finally {
    connection.close();
  }
}
