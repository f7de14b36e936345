import { type Clock, sleep } from "../../base/mod.ts";
import type { ExecStreams } from "../../serving/mod.ts";
import { RuntimeError } from "../runtime.ts";
import type { LibpodClient } from "./libpod_client.ts";
import { LibpodError } from "./libpod_error.ts";
import type { InspectedContainer } from "./containers.ts";
import { replayLog } from "../logs/log_replay.ts";
import { carrySession } from "./session.ts";

/** What `execSync` keeps of a command's output. */
const OUTPUT_MAXIMUM_BYTES = 10 * 1024;
const INSPECT_TRIES = 100;
const INSPECT_MILLISECONDS = 20;

interface InspectedExec {
  readonly ExitCode: number;
  readonly Running: boolean;
  readonly Pid: number;
}

/** Commands in containers, and joining a container's own streams. */
export class Commands {
  readonly #client: LibpodClient;
  readonly #clock: Clock;

  constructor(client: LibpodClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async exec(id: string, command: readonly string[], streams: ExecStreams): Promise<number> {
    const session = await this.#create(id, command, streams);
    await this.#carry(session, streams);
    return await this.#exitCode(session);
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeoutMilliseconds: number,
  ): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
    const abort = new AbortController();
    let timedOut = false;
    const output = new OutputHead();
    const streams: ExecStreams = {
      stdout: output.stream(),
      stderr: output.stream(),
      tty: false,
      signal: abort.signal,
    };
    const session = await this.#create(id, command, streams);
    const timer = this.#clock.after(timeoutMilliseconds, () => {
      timedOut = true;
      void this.#kill(session).finally(() => abort.abort());
    });
    try {
      await this.#carry(session, streams);
      const exitCode = timedOut ? undefined : await this.#exitCode(session);
      return { exitCode, output: output.text() };
    } finally {
      timer.cancel();
    }
  }

  async attach(id: string, streams: ExecStreams, log: string | undefined): Promise<void> {
    const { stdin, stdout, stderr } = streams;
    const { Config, State } = await this.#client.json<InspectedContainer>(
      "GET",
      `/containers/${id}/json`,
    );
    // One that has ended Podman would make anew, to attach to that.
    if (State.Status !== "running") {
      throw new RuntimeError("NotFound", `container ${id} does not run`);
    }
    const tty = Config.Tty === true;
    const hijacked = await this.#client.hijack(`/containers/${id}/attach`, {
      query: {
        stream: true,
        stdin: stdin !== undefined,
        stdout: stdout !== undefined,
        stderr: stderr !== undefined && !tty,
      },
    });
    // Read once the session has begun, so that nothing falls between. Podman's own replay breaks its frames.
    if (log !== undefined) await replayLog(log, { stdout, stderr });
    await carrySession(
      hijacked,
      { ...streams, tty },
      (height, width) => this.#resize(`/containers/${id}/resize`, height, width),
    );
  }

  async #create(id: string, command: readonly string[], streams: ExecStreams): Promise<string> {
    try {
      const { Id } = await this.#client.json<{ Id: string }>("POST", `/containers/${id}/exec`, {
        body: {
          AttachStdin: streams.stdin !== undefined,
          AttachStdout: streams.stdout !== undefined,
          AttachStderr: streams.stderr !== undefined,
          Tty: streams.tty,
          Cmd: command,
        },
      });
      return Id;
    } catch (error) {
      throw asRuntimeError(error);
    }
  }

  async #carry(session: string, streams: ExecStreams): Promise<void> {
    try {
      const hijacked = await this.#client.hijack(`/exec/${session}/start`, {
        body: { Detach: false, Tty: streams.tty },
      });
      await carrySession(
        hijacked,
        streams,
        (height, width) => this.#resize(`/exec/${session}/resize`, height, width),
      );
    } catch (error) {
      throw asRuntimeError(error);
    }
  }

  async #resize(path: string, height: number, width: number): Promise<void> {
    await this.#client.open("POST", path, { query: { h: height, w: width } });
  }

  /** Its streams end a moment before Podman knows the code. */
  async #exitCode(session: string): Promise<number> {
    for (let tries = 0; tries < INSPECT_TRIES; tries++) {
      const found = await this.#client.find<InspectedExec>(`/exec/${session}/json`);
      if (found === undefined) break;
      if (!found.Running) return found.ExitCode;
      await sleep(this.#clock, INSPECT_MILLISECONDS);
    }
    throw new RuntimeError("Unavailable", "the command's exit code is not known");
  }

  async #kill(session: string): Promise<void> {
    const found = await this.#client.find<InspectedExec>(`/exec/${session}/json`)
      .catch(() => undefined);
    if (found === undefined || !found.Running || found.Pid <= 1) return;
    try {
      // Podman's numbers are those of the node's pid namespace, which is ours.
      Deno.kill(found.Pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** The first bytes of several streams, in the order in which they came. */
class OutputHead {
  readonly #decoder = new TextDecoder();
  #text = "";
  #bytes = 0;

  stream(): WritableStream<Uint8Array> {
    return new WritableStream({
      write: (chunk) => {
        const kept = chunk.subarray(0, Math.max(0, OUTPUT_MAXIMUM_BYTES - this.#bytes));
        this.#bytes += kept.length;
        this.#text += this.#decoder.decode(kept, { stream: true });
      },
    });
  }

  text(): string {
    return this.#text;
  }
}

function asRuntimeError(error: unknown): unknown {
  if (!(error instanceof LibpodError)) return error;
  return new RuntimeError(error.status === 404 ? "NotFound" : "StartContainer", error.message);
}
