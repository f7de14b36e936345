import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { PausablePipe } from "./raw_connection.ts";
import {
  BINARY,
  clientFrame,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  TEXT,
  WebSocketFrameReader,
} from "./websocket_frames.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEAD_MAXIMUM_BYTES = 64 * 1024;
/** Of a refusal, what is told on. */
const REFUSAL_MAXIMUM_CHARACTERS = 2048;
/** A message in several frames may be as large as this. */
const MESSAGE_MAXIMUM_BYTES = 16 * 1024 * 1024;
const NORMAL_CLOSURE = new Uint8Array([0x03, 0xe8]);

export interface WebSocketRequest {
  readonly host: string;
  /** With the query. */
  readonly path: string;
  /** Any text: the runtime's own client takes no names with a slash. */
  readonly protocol: string;
}

/**
 * Opens a WebSocket over a connection, as a pipe of binary messages that can be paused: the runtime's own reads on
 * whatever its user does, so that a slow reader behind it would need room for everything. Rejects with what the server
 * says instead.
 */
export async function openWebSocket(
  bytes: PausablePipe,
  { host, path, protocol }: WebSocketRequest,
): Promise<PausablePipe> {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const client = new Client(bytes, createHash("sha1").update(key + GUID).digest("base64"));
  bytes.send(
    new Uint8Array(Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
        `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      "latin1",
    )),
  );
  await client.opened;
  return client;
}

class Client implements PausablePipe {
  readonly #bytes: PausablePipe;
  readonly #accept: string;
  readonly #opened = Promise.withResolvers<void>();
  readonly #reader = new WebSocketFrameReader();
  #head: Uint8Array | undefined = new Uint8Array();
  #early: Uint8Array[] | undefined = [];
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #onMessage: ((message: Uint8Array) => void) | undefined;
  #onEnd: ((error?: Error) => void) | undefined;
  #ended: { error?: Error } | undefined;

  constructor(bytes: PausablePipe, accept: string) {
    this.#bytes = bytes;
    this.#accept = accept;
    bytes.receive((chunk) => this.#take(chunk), (error) => this.#end(error));
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get buffered(): number {
    return this.#bytes.buffered;
  }

  send(message: Uint8Array): void {
    if (this.#ended === undefined) this.#frame(BINARY, message);
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

  #frame(opcode: number, payload: Uint8Array): void {
    this.#bytes.send(clientFrame(opcode, payload, crypto.getRandomValues(new Uint8Array(4))));
  }

  #take(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return;
    try {
      if (this.#head === undefined) this.#frames(chunk);
      else this.#readHead(chunk);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      this.#bytes.close();
    }
  }

  #readHead(chunk: Uint8Array): void {
    const head = Buffer.concat([this.#head ?? new Uint8Array(), chunk]);
    this.#head = new Uint8Array(head);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (head.length > HEAD_MAXIMUM_BYTES) throw new Error("the answer's head is too large");
      return;
    }
    const text = head.toString("latin1", 0, end);
    const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1];
    const accept = /\r\nsec-websocket-accept:\s*(\S+)/i.exec(text)?.[1];
    if (status !== "101" || accept !== this.#accept) {
      const body = head.toString("utf8", end + 4, end + 4 + REFUSAL_MAXIMUM_CHARACTERS).trim();
      throw new Error(
        `bad handshake: status ${status ?? "unknown"}${body === "" ? "" : `: ${body}`}`,
      );
    }
    this.#head = undefined;
    // Nothing more is read before somebody listens.
    this.#bytes.pause();
    this.#opened.resolve();
    if (head.length > end + 4) this.#frames(new Uint8Array(head.subarray(end + 4)));
  }

  #frames(chunk: Uint8Array): void {
    for (const { fin, opcode, payload } of this.#reader.push(chunk)) {
      switch (opcode) {
        case CONTINUATION:
        case TEXT:
        case BINARY:
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

  #part(payload: Uint8Array, last: boolean): void {
    this.#partBytes += payload.length;
    if (this.#partBytes > MESSAGE_MAXIMUM_BYTES) {
      throw new Error("a WebSocket message is too large");
    }
    this.#parts.push(payload);
    if (!last) return;
    const [only = new Uint8Array()] = this.#parts;
    const message = this.#parts.length === 1 ? only : new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#partBytes = 0;
    if (this.#onMessage !== undefined) this.#onMessage(message);
    else this.#early?.push(message);
  }

  #end(error?: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error === undefined ? {} : { error };
    this.#opened.reject(error ?? new Error("the connection ended in the handshake"));
    this.#opened.promise.catch(() => {});
    this.#onEnd?.(error);
  }
}
