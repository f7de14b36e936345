import { backoffDelay, type Clock, sleep } from "../base/mod.ts";
import { isAlive, processEnd, type ProcessIdentity } from "./processes.ts";
import { programPath } from "./program.ts";
import { SLIRP_DEVICE } from "./slirp.ts";

/** Between tries to start what does not start. */
const RETRY = { initialMilliseconds: 500, maximumMilliseconds: 30_000 };

/** From the end of its device to that of slirp4netns itself. */
const END_MILLISECONDS = 2_000;

/** Who hears of the death of slirp4netns. */
export interface FabricRepair {
  /** It has ended, or did not come up again. */
  told(problem: unknown): void;
  /** It is there again, and knows of no connection that went through the former one. */
  done(): void;
}

/** What the kernel tells of the links of a network, a line each, until it is closed. */
export interface LinkMonitor {
  readonly lines: AsyncIterable<string>;
  close(): void;
}

export interface SlirpKeeperOptions {
  readonly monitor: () => LinkMonitor;
  /** Whether slirp4netns runs; waits for its end where its device has gone. */
  isAlive(isEnding: boolean): Promise<boolean>;
  /** Starts it again, with everything that it did. */
  revive(): Promise<void>;
  readonly clock: Clock;
  /** Hears of each death, and of what went wrong with the start that followed. */
  readonly told: (problem: unknown) => void;
}

/**
 * Starts slirp4netns again when it ends. Its end takes its device away, and that the kernel tells: nothing is asked
 * in between.
 */
export class SlirpKeeper {
  readonly #options: SlirpKeeperOptions;
  readonly #abort = new AbortController();
  #monitor: LinkMonitor | undefined;

  constructor(options: SlirpKeeperOptions) {
    this.#options = options;
    void this.#keep();
  }

  /** From now on it may end. */
  close(): void {
    this.#abort.abort(new Error("the fabric is closed"));
    this.#monitor?.close();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted;) {
      try {
        this.#monitor = this.#options.monitor();
        // It may have ended before anybody listened.
        await this.#look(false);
        for await (const line of this.#monitor.lines) {
          failures = 0;
          if (isDeletion(line)) await this.#look(true);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.told(error);
      }
      this.#monitor?.close();
      await sleep(this.#options.clock, backoffDelay(RETRY, ++failures), signal).catch(() => {});
    }
  }

  async #look(isEnding: boolean): Promise<void> {
    const { clock, isAlive, revive, told } = this.#options;
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted && !await isAlive(isEnding);) {
      if (signal.aborted) return;
      try {
        if (failures === 0) told(new Error("slirp4netns ended; it is started again"));
        return await revive();
      } catch (error) {
        told(error);
        await sleep(clock, backoffDelay(RETRY, ++failures), signal).catch(() => {});
      }
    }
  }
}

/** Whether a process runs; `isEnding`: and goes on to. */
export async function staysAlive(
  process: ProcessIdentity | undefined,
  clock: Clock,
  isEnding: boolean,
): Promise<boolean> {
  if (process === undefined) return false;
  return isEnding ? !await processEnd(process, clock, END_MILLISECONDS) : await isAlive(process);
}

/** `Deleted 3: tap0: …`, as `ip -o monitor link` writes it. Pure. */
function isDeletion(line: string): boolean {
  return line.startsWith("Deleted ") && line.split(/[\s:]+/)[2] === SLIRP_DEVICE;
}

/** Follows the links of the network that `prefix` enters. */
export function monitorLinks(prefix: readonly string[]): LinkMonitor {
  const [program = "", ...args] = [
    ...prefix,
    ...["setpriv", "--pdeathsig", "KILL", "--", "ip", "-o", "monitor", "link"],
  ];
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    env: { PATH: programPath() },
  }).spawn();
  child.unref();
  return {
    lines: linesOf(child.stdout),
    close() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
