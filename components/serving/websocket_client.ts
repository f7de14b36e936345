import { Buffer } from "node:buffer";
import { FramedPipe, webSocketAccept } from "./framed_pipe.ts";
import type { PausablePipe } from "./raw_connection.ts";

const HEAD_MAXIMUM_BYTES = 64 * 1024;
/** Of a refusal, what is told on. */
const REFUSAL_MAXIMUM_CHARACTERS = 2048;

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
  const client = new Client(bytes, webSocketAccept(key));
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

class Client extends FramedPipe {
  readonly #accept: string;
  readonly #opened = Promise.withResolvers<void>();
  #head: Uint8Array | undefined = new Uint8Array();

  constructor(bytes: PausablePipe, accept: string) {
    super(bytes, "client");
    this.#accept = accept;
    this.start();
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  protected override take(chunk: Uint8Array): void {
    if (this.#head === undefined) return super.take(chunk);
    const head = Buffer.concat([this.#head, chunk]);
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
    this.pause();
    this.#opened.resolve();
    if (head.length > end + 4) super.take(new Uint8Array(head.subarray(end + 4)));
  }

  protected override ended(error: Error | undefined): void {
    this.#opened.reject(error ?? new Error("the connection ended in the handshake"));
    this.#opened.promise.catch(() => {});
  }
}
