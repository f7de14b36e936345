import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { PipeCodec } from "./message_pipe.ts";
import type { PausablePipe } from "./raw_connection.ts";
import {
  BINARY,
  clientFrame,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  serverFrame,
  type Side,
  TEXT,
  WebSocketFrameReader,
} from "./websocket_frames.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** A message in several frames may be as large as this. */
const MESSAGE_MAXIMUM_BYTES = 16 * 1024 * 1024;
const NORMAL_CLOSURE = new Uint8Array([0x03, 0xe8]);

/** What a server answers to a client's key. */
export function webSocketAccept(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

/**
 * A WebSocket over a connection, as a pipe of messages that can be paused: the runtime's own reads on whatever its user
 * does, so that a slow reader behind it would need room for everything. Without a codec, what comes as text is bytes
 * too.
 */
export class FramedPipe implements PausablePipe {
  readonly #bytes: PausablePipe;
  readonly #side: Side;
  readonly #codec: PipeCodec | undefined;
  readonly #reader: WebSocketFrameReader;
  #early: Uint8Array[] | undefined = [];
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #isText = false;
  #onMessage: ((message: Uint8Array) => void) | undefined;
  #onEnd: ((error?: Error) => void) | undefined;
  #ended: { error?: Error } | undefined;

  constructor(bytes: PausablePipe, side: Side, codec?: PipeCodec) {
    this.#bytes = bytes;
    this.#side = side;
    this.#codec = codec;
    this.#reader = new WebSocketFrameReader(side === "client" ? "server" : "client");
  }

  /** Begins to read. */
  start(): void {
    this.#bytes.receive((chunk) => {
      if (this.#ended !== undefined) return;
      try {
        this.take(chunk);
      } catch (error) {
        this.#end(error instanceof Error ? error : new Error(String(error)));
        this.#bytes.close();
      }
    }, (error) => this.#end(error));
  }

  get buffered(): number {
    return this.#bytes.buffered;
  }

  send(message: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const data = this.#codec?.encode(message) ?? message;
    if (typeof data === "string") this.#frame(TEXT, new TextEncoder().encode(data));
    else this.#frame(BINARY, data);
  }

  receive(onMessage: (message: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.#onMessage = onMessage;
    this.#onEnd = onEnd;
    for (const message of this.#early ?? []) onMessage(message);
    this.#early = undefined;
    if (this.#ended !== undefined) return onEnd(this.#ended.error);
    this.#bytes.resume();
  }

  pause(): void {
    this.#bytes.pause();
  }

  resume(): void {
    this.#bytes.resume();
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#frame(CLOSE, NORMAL_CLOSURE);
    this.#bytes.close();
    this.#end();
  }

  /** Takes bytes of frames. */
  protected take(chunk: Uint8Array): void {
    for (const { fin, opcode, payload } of this.#reader.push(chunk)) {
      switch (opcode) {
        case TEXT:
        case BINARY:
          this.#isText = opcode === TEXT;
          this.#part(payload, fin);
          break;
        case CONTINUATION:
          this.#part(payload, fin);
          break;
        case PING:
          this.#frame(PONG, payload);
          break;
        case CLOSE:
          this.close();
          return;
        default:
      }
    }
  }

  /** Hears of the end, once. */
  protected ended(_error: Error | undefined): void {}

  #frame(opcode: number, payload: Uint8Array): void {
    this.#bytes.send(
      this.#side === "client"
        ? clientFrame(opcode, payload, crypto.getRandomValues(new Uint8Array(4)))
        : serverFrame(opcode, payload),
    );
  }

  #part(payload: Uint8Array, last: boolean): void {
    this.#partBytes += payload.length;
    if (this.#partBytes > MESSAGE_MAXIMUM_BYTES) {
      throw new Error("a WebSocket message is too large");
    }
    this.#parts.push(payload);
    if (!last) return;
    const [only = new Uint8Array()] = this.#parts;
    const whole = this.#parts.length === 1 ? only : new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#partBytes = 0;
    const message = this.#decoded(whole);
    if (this.#onMessage !== undefined) this.#onMessage(message);
    else this.#early?.push(message);
  }

  #decoded(whole: Uint8Array): Uint8Array {
    if (this.#codec === undefined) return whole;
    const message = this.#codec.decode(
      this.#isText ? new TextDecoder().decode(whole) : whole.buffer,
    );
    if (message === undefined) throw new Error("a message of another protocol");
    return message;
  }

  #end(error?: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error === undefined ? {} : { error };
    this.ended(error);
    this.#onEnd?.(error);
  }
}
