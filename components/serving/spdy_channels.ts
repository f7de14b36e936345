import type { Clock, Timer } from "../base/mod.ts";
import type { PausablePipe } from "./raw_connection.ts";
import { SpdySession, type SpdyStream } from "./spdy_session.ts";

/** The versions of remote commands over SPDY, best first; the newer one of WebSockets is not among them. */
export const SPDY_EXEC_PROTOCOLS: readonly string[] = [
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
];

const STDIN = 0, STDOUT = 1, STDERR = 2, ERROR = 3, RESIZE = 4, CLOSE = 255;
const NAMES: ReadonlyMap<string, number> = new Map([
  ["stdin", STDIN],
  ["stdout", STDOUT],
  ["stderr", STDERR],
  ["error", ERROR],
  ["resize", RESIZE],
]);
/** A client that has not opened all of its streams by then is given up. */
const STREAMS_TIMEOUT_MILLISECONDS = 30_000;
/** The text of one terminal size. */
const RESIZE_MAXIMUM_BYTES = 1024;

/** Names of the streams that a client says it will open: the session begins once they are there. */
export type SpdyExecStream = "stdin" | "stdout" | "stderr";

/**
 * A remote command over SPDY as the messages of the WebSocket protocol `v5.channel.k8s.io`, the first byte of each
 * being its channel. Nothing is taken before the client's streams are open; what goes to a stream that the client has
 * not opened is dropped. Its end closes the streams, then the connection.
 */
export function spdyExecPipe(
  raw: PausablePipe,
  protocol: string,
  expected: readonly SpdyExecStream[],
  clock: Clock,
): PausablePipe {
  return new SpdyChannels(raw, protocol, expected, clock);
}

class SpdyChannels implements PausablePipe {
  readonly #session: SpdySession;
  readonly #expected: Set<number>;
  readonly #textErrors: boolean;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #timer: Timer;
  readonly #ready = Promise.withResolvers<(message: Uint8Array) => void>();
  #gate: PromiseWithResolvers<void> | undefined;
  #onMessage: ((message: Uint8Array) => void) | undefined;

  constructor(
    raw: PausablePipe,
    protocol: string,
    expected: readonly SpdyExecStream[],
    clock: Clock,
  ) {
    this.#expected = new Set([ERROR, ...expected.map((name) => NAMES.get(name) ?? ERROR)]);
    this.#textErrors = protocol !== "v4.channel.k8s.io";
    this.#timer = clock.after(STREAMS_TIMEOUT_MILLISECONDS, () => this.#session.close());
    this.#session = new SpdySession(raw, "server", (stream) => this.#add(stream));
    this.#session.closed.then(() => this.#timer.cancel());
  }

  /** More than anybody may leave waiting, until there is somewhere to send to. */
  get buffered(): number {
    return this.#expected.size > 0 ? Infinity : this.#session.buffered;
  }

  send(message: Uint8Array): void {
    const channel = message[0] ?? ERROR;
    const payload = message.subarray(1);
    if (payload.length === 0) return;
    this.#streams.get(channel)?.send(
      channel === ERROR && this.#textErrors ? errorText(payload) : payload,
    );
  }

  receive(onMessage: (message: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.#onMessage = onMessage;
    this.#session.closed.then(() => onEnd());
    this.#begin();
  }

  pause(): void {
    this.#gate ??= Promise.withResolvers();
  }

  resume(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  close(): void {
    // Upstream's server resets what is open; a client takes either for the end.
    for (const stream of this.#streams.values()) stream.end();
    this.#session.close();
  }

  #add(stream: SpdyStream): void {
    const channel = NAMES.get(stream.headers.get("streamtype") ?? "");
    if (channel === undefined || this.#streams.has(channel)) return stream.reset();
    this.#streams.set(channel, stream);
    this.#expected.delete(channel);
    this.#begin();
    if (channel === STDIN) void this.#ready.promise.then((to) => this.#input(stream, to));
    else if (channel === RESIZE) void this.#ready.promise.then((to) => this.#sizes(stream, to));
  }

  #begin(): void {
    if (this.#expected.size > 0 || this.#onMessage === undefined) return;
    this.#timer.cancel();
    this.#ready.resolve(this.#onMessage);
  }

  async #input(stream: SpdyStream, to: (message: Uint8Array) => void): Promise<void> {
    try {
      for await (const bytes of stream.readable) {
        await this.#gate?.promise;
        to(onChannel(STDIN, bytes));
      }
      to(new Uint8Array([CLOSE, STDIN]));
    } catch {
      // The connection's end says it all.
    }
  }

  async #sizes(stream: SpdyStream, to: (message: Uint8Array) => void): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const bytes of stream.readable) {
        text += decoder.decode(bytes, { stream: true });
        for (let end; (end = text.indexOf("}")) >= 0; text = text.slice(end + 1)) {
          to(onChannel(RESIZE, new TextEncoder().encode(text.slice(0, end + 1).trim())));
        }
        if (text.length > RESIZE_MAXIMUM_BYTES) return stream.reset();
      }
    } catch {
      // As above.
    }
  }
}

function onChannel(channel: number, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = channel;
  message.set(payload, 1);
  return message;
}

/** Before version 4 the error stream holds words, and nothing where all went well. Pure. */
export function errorText(payload: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(payload);
  try {
    const { status, message } = JSON.parse(text) as { status?: string; message?: string };
    return new TextEncoder().encode(status === "Success" ? "" : message ?? "");
  } catch {
    return payload;
  }
}
