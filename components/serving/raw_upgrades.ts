import type { Buffer } from "node:buffer";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "../base/mod.ts";
import type { DoorPeer } from "./door.ts";
import { offerConnection } from "./raw_connection.ts";

/** A request's head may be as large as the door reads of it. */
const HEAD_MAXIMUM_BYTES = 64 * 1024;
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** Reads the upgrading first request of a connection, and offers its socket to whoever answers it. */
export class RawUpgrades {
  readonly #handle: (request: Request, peer: DoorPeer) => Promise<Response>;
  readonly #logger: Logger;
  readonly #server: http.Server;
  readonly #peers = new WeakMap<object, DoorPeer>();

  constructor(
    handle: (request: Request, peer: DoorPeer) => Promise<Response>,
    logger: Logger,
  ) {
    this.#handle = handle;
    this.#logger = logger;
    this.#server = http.createServer({ maxHeaderSize: HEAD_MAXIMUM_BYTES });
    this.#server.on("upgrade", (incoming, socket, head) => {
      void this.#answer(incoming, socket, head);
    });
    // What the door took for an upgrade, and is none after all, would never be answered.
    this.#server.on("request", (incoming) => incoming.socket.end(BAD_REQUEST));
    this.#server.on("clientError", (_error, socket) => socket.end(BAD_REQUEST));
  }

  /** `head` holds the whole head of a request that upgrades. */
  serve(socket: Duplex, head: Buffer, peer: DoorPeer): void {
    this.#peers.set(socket, peer);
    socket.unshift(head);
    this.#server.emit("connection", socket);
    socket.resume();
  }

  async #answer(incoming: http.IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const peer = this.#peers.get(socket);
    if (peer === undefined) return void socket.destroy();
    socket.on("error", () => socket.destroy());
    socket.pause();
    const request = webRequest(incoming);
    if (request === undefined) return void socket.end(BAD_REQUEST);
    try {
      const taken = offerConnection(request, socket, head);
      const response = await this.#handle(request, peer);
      if (!taken()) await writeAnswer(response, incoming.method === "HEAD", socket);
    } catch (error) {
      this.#logger.error("upgrade failed", { error });
      socket.end(BAD_REQUEST);
    }
  }
}

/** Undefined for what the web has no request for: a host that is none, or a method that it forbids. */
function webRequest(incoming: http.IncomingMessage): Request | undefined {
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
      headers.append(incoming.rawHeaders[at] ?? "", incoming.rawHeaders[at + 1] ?? "");
    }
    const url = `https://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
    return new Request(url, { method: incoming.method ?? "GET", headers });
  } catch {
    return undefined;
  }
}

/** An answer that is no 101: the connection ends with it. */
async function writeAnswer(response: Response, bodiless: boolean, socket: Duplex): Promise<void> {
  let head = `HTTP/1.1 ${response.status} ${http.STATUS_CODES[response.status] ?? ""}\r\n`;
  for (const [name, value] of response.headers) {
    if (name !== "connection" && name !== "transfer-encoding") head += `${name}: ${value}\r\n`;
  }
  if (response.body === null && !response.headers.has("content-length")) {
    head += "content-length: 0\r\n";
  }
  socket.write(`${head}connection: close\r\n\r\n`);
  if (response.body === null || bodiless) {
    await response.body?.cancel();
    socket.end();
    return;
  }
  const reader = response.body.getReader();
  // A watch may have nothing to say for long: only the connection tells that its client has gone.
  const leave = () => void reader.cancel().catch(() => {});
  socket.once("end", leave);
  socket.once("close", leave);
  if (socket.destroyed || socket.readableEnded) leave();
  socket.resume();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || socket.destroyed) break;
    if (!socket.write(value) && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        socket.once("drain", resolve);
        socket.once("close", resolve);
      });
    }
  }
  socket.end();
}
