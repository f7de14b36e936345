import { type Clock, sleep, type Status } from "../base/mod.ts";
import { acceptPipe } from "./accepted_pipe.ts";
import { BASE64_CHANNELS } from "./base64_channels.ts";
import type { MessagePipe } from "./message_pipe.ts";
import type { PausablePipe } from "./raw_connection.ts";
import type { ExecStreams, TerminalSize } from "./streams.ts";

/** The WebSocket subprotocols of exec and attach, best first. */
export const EXEC_PROTOCOLS: readonly string[] = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "base64.channel.k8s.io",
  "channel.k8s.io",
];

const STDIN = 0, STDOUT = 1, STDERR = 2, ERROR = 3, RESIZE = 4, CLOSE = 255;

/** A client that can wait is told to when this much of its input waits for a container that does not read. */
export const STDIN_PAUSE_BYTES = 256 * 1024;
/** What may wait of one that cannot: past that the session ends. */
const STDIN_WAITING_MAXIMUM_BYTES = 16 * 1024 * 1024;
/** Output waits while this much has not left the process: `send` itself never does. */
export const SEND_WAITING_MAXIMUM_BYTES = 1024 * 1024;
const SEND_POLL_MILLISECONDS = 5;
const MESSAGE_MAXIMUM_BYTES = 32 * 1024;
const RESIZE_WAITING_MAXIMUM = 16;

/** Which streams a session has. */
export interface ExecWishes {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** How a session ended: the command's exit code, or why there is none. */
export type ExecResult = { readonly exitCode: number } | { readonly error: string };

/** The first subprotocol the client offers that is supported; `none` when it offers no subprotocol at all. */
export function chooseProtocol(
  request: Request,
  supported: readonly string[],
): string | "none" | undefined {
  const header = request.headers.get("sec-websocket-protocol");
  if (header === null) return "none";
  return header.split(",").map((each) => each.trim()).find((each) => supported.includes(each));
}

/** A connection that is to be kept as it is makes an ordinary request of one that names a WebSocket. Pure. */
export function isWebSocketUpgrade({ headers }: Request): boolean {
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return false;
  // Callers in this process have no connection to speak of.
  const connection = headers.get("connection") ?? "upgrade";
  return connection.toLowerCase().split(",").some((each) => each.trim() === "upgrade");
}

/**
 * Upgrades an exec or attach request to WebSocket channels and runs the session. What `run` resolves with, or throws,
 * goes to the client as the final status.
 */
export function serveExecChannels(
  request: Request,
  wishes: ExecWishes,
  clock: Clock,
  run: (streams: ExecStreams) => Promise<ExecResult>,
): Response {
  const chosen = chooseProtocol(request, EXEC_PROTOCOLS);
  if (chosen === undefined) {
    return new Response("no supported WebSocket subprotocol was offered\n", { status: 400 });
  }
  const protocol = chosen === "none" ? undefined : chosen;
  const { pipe, response, open } = acceptPipe(
    request,
    protocol,
    chosen.includes("base64") ? BASE64_CHANNELS : undefined,
  );
  const channels = new ExecChannels(pipe, protocol ?? "channel.k8s.io", wishes, clock);
  open.then(async () => {
    channels.greet();
    const result = await run(channels.streams).catch((error): ExecResult => ({
      error: error instanceof Error ? error.message : String(error),
    }));
    await channels.end(result);
  }).catch(() => channels.gone());
  return response;
}

/** The server's end of one session over one pipe of messages: the first byte of each message names its channel. */
export class ExecChannels {
  readonly streams: ExecStreams;
  readonly #pipe: MessagePipe & Partial<PausablePipe>;
  readonly #version: number;
  readonly #wishes: ExecWishes;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #stdin: ReadableStreamDefaultController<Uint8Array> | undefined;
  #resize: ReadableStreamDefaultController<TerminalSize> | undefined;

  constructor(
    pipe: MessagePipe & Partial<PausablePipe>,
    protocol: string,
    wishes: ExecWishes,
    clock: Clock,
  ) {
    this.#pipe = pipe;
    this.#version = protocol.startsWith("v5") ? 5 : protocol.startsWith("v4") ? 4 : 1;
    this.#wishes = wishes;
    this.#clock = clock;
    this.streams = {
      ...(wishes.stdin ? { stdin: this.#input() } : {}),
      ...(wishes.stdout ? { stdout: this.#output(STDOUT) } : {}),
      ...(wishes.stderr && !wishes.tty ? { stderr: this.#output(STDERR) } : {}),
      ...(wishes.tty ? { resize: this.#sizes() } : {}),
      tty: wishes.tty,
      signal: this.#abort.signal,
    };
    pipe.receive((message) => this.#receive(message), () => this.gone());
  }

  /** Clients wait for a first message before they trust the connection. */
  greet(): void {
    const { stdout, stderr } = this.#wishes;
    this.#send(stdout ? STDOUT : stderr ? STDERR : ERROR, new Uint8Array());
  }

  /** Sends the final status and closes. */
  async end(result: ExecResult): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await this.#room();
    const encoder = new TextEncoder();
    if (this.#version >= 4) {
      this.#send(ERROR, encoder.encode(JSON.stringify(execStatus(result))));
    } else if ("error" in result) this.#send(ERROR, encoder.encode(result.error));
    else if (result.exitCode !== 0) {
      const text = `command terminated with non-zero exit code: exit status ${result.exitCode}`;
      this.#send(ERROR, encoder.encode(text));
    }
    this.#pipe.close();
    this.gone();
  }

  #receive(message: Uint8Array): void {
    const [channel] = message;
    const payload = message.subarray(1);
    if (channel === STDIN) this.#feed(payload);
    else if (channel === RESIZE) this.#resized(payload);
    else if (channel === CLOSE && this.#version >= 5 && payload[0] === STDIN) this.#endInput();
  }

  #feed(payload: Uint8Array): void {
    const controller = this.#stdin;
    if (controller === undefined || payload.length === 0) return;
    if (-(controller.desiredSize ?? 0) > STDIN_WAITING_MAXIMUM_BYTES) {
      this.#pipe.close();
      return this.gone();
    }
    controller.enqueue(payload.slice());
    if (-(controller.desiredSize ?? 0) > STDIN_PAUSE_BYTES) this.#pipe.pause?.();
  }

  #endInput(): void {
    this.#stdin?.close();
    this.#stdin = undefined;
  }

  #resized(payload: Uint8Array): void {
    try {
      const size = JSON.parse(new TextDecoder().decode(payload)) as Partial<TerminalSize>;
      const { Width, Height } = size;
      if (!Number.isInteger(Width) || !Number.isInteger(Height)) return;
      if ((this.#resize?.desiredSize ?? 0) <= -RESIZE_WAITING_MAXIMUM) return;
      this.#resize?.enqueue({ Width: Width as number, Height: Height as number });
    } catch {
      // A size that cannot be read changes nothing.
    }
  }

  #input(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stdin = controller;
      },
      // Called when all that came has been read.
      pull: () => this.#pipe.resume?.(),
      cancel: () => {
        this.#stdin = undefined;
        // Sizes and the client's end are still to be heard.
        this.#pipe.resume?.();
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
  }

  #sizes(): ReadableStream<TerminalSize> {
    return new ReadableStream<TerminalSize>({
      start: (controller) => {
        this.#resize = controller;
      },
      cancel: () => {
        this.#resize = undefined;
      },
    });
  }

  #output(channel: number): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: async (chunk) => {
        for (let from = 0; from < chunk.length; from += MESSAGE_MAXIMUM_BYTES) {
          await this.#room();
          this.#send(channel, chunk.subarray(from, from + MESSAGE_MAXIMUM_BYTES));
        }
      },
    });
  }

  async #room(): Promise<void> {
    const { signal } = this.#abort;
    while (this.#pipe.buffered > SEND_WAITING_MAXIMUM_BYTES && !signal.aborted) {
      await sleep(this.#clock, SEND_POLL_MILLISECONDS);
    }
    if (signal.aborted) throw new Error("the client is gone");
  }

  #send(channel: number, payload: Uint8Array): void {
    if (this.#abort.signal.aborted) return;
    const message = new Uint8Array(payload.length + 1);
    message[0] = channel;
    message.set(payload, 1);
    this.#pipe.send(message);
  }

  /** The client has left: what runs for it is told. */
  gone(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(new Error("the client is gone"));
    this.#endInput();
    try {
      this.#resize?.close();
    } catch {
      // Its reader has cancelled it.
    }
    this.#resize = undefined;
  }
}

/** The status of the error channel, as kubectl reads exit codes from it. Pure. */
export function execStatus(result: ExecResult): Partial<Status> {
  if ("error" in result) {
    return {
      metadata: {},
      status: "Failure",
      message: result.error,
      reason: "InternalError",
      details: { causes: [{ message: result.error }] },
      code: 500,
    };
  }
  if (result.exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${result.exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(result.exitCode) }] },
  };
}
