import { Buffer } from "node:buffer";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Clock, Logger } from "../base/mod.ts";
import { isRawUpgrade, REQUEST_HEAD_MAXIMUM_BYTES, requestHead } from "./request_head.ts";
import { HEAD_TIMEOUT_MILLISECONDS, passRequests } from "./pass_requests.ts";
import { RawUpgrades } from "./raw_upgrades.ts";
import { RequestStream } from "./request_stream.ts";
import { makeSocketFolder } from "./socket_folder.ts";

/** The other end of a connection, as the door saw it. */
export interface DoorPeer {
  /** DER of the client's certificate; present only when it was verified against the client CA. */
  readonly certificate?: Uint8Array;
  /** The client showed a certificate that nobody vouches for. */
  readonly unverified?: true;
  readonly address: string;
}

export interface DoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: DoorCredentials;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where the folder of the inner sockets is made. */
  readonly socketParent?: string;
  handle(request: Request, peer: DoorPeer): Promise<Response>;
  /** True for paths that other servers answer: what upgrades there is handed over as it is. */
  isPassedOn?(path: string): boolean;
}

/** PEM texts. Without `clientCa` no client certificate is asked for. */
export interface DoorCredentials {
  readonly key: string;
  readonly certificate: string;
  readonly clientCa?: string;
}

/** Connections at once; more are closed at once. */
const CONNECTIONS_MAXIMUM = 20_000;
const HANDSHAKE_TIMEOUT_MILLISECONDS = 10_000;

/**
 * The TLS front door: ends TLS (with client certificates, ALPN h2 and http/1.1), and gives each connection an inner
 * HTTP server of its own on a unix socket. So who the peer is belongs to the connection, and cannot be forged by
 * another local user; the inner server ends with its connection, whichever side closes first. A connection of which a
 * request upgrades to what that server cannot hand out goes to one that can.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #server: tls.Server;
  readonly #directory: string;
  readonly #connections = new Set<() => void>();
  readonly #raw: RawUpgrades;
  /** The inner servers, one a connection. */
  readonly #inner = new Set<Deno.HttpServer>();
  #count = 0;

  private constructor(options: DoorOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#raw = new RawUpgrades(options.handle, options.logger);
    this.#server = tls.createServer({
      ...serverCredentials(options.credentials),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MILLISECONDS,
    }, (socket) => this.#accept(socket));
    this.#server.on("tlsClientError", () => {});
  }

  static async open(options: DoorOptions): Promise<Door> {
    const directory = await makeSocketFolder(options.socketParent, "door");
    const door = new Door(options, directory);
    await new Promise<void>((resolve, reject) => {
      door.#server.once("error", reject);
      door.#server.listen(options.port, options.host, () => resolve());
    });
    return door;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Takes new certificates for connections from now on. */
  reload(credentials: DoorCredentials): void {
    this.#server.setSecureContext(serverCredentials(credentials));
  }

  /**
   * Takes no more connections, and lets those that are open finish what they are answering; resolves when all have.
   * Upgraded ones have no end: close the door after a while.
   */
  async drain(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#inner].map((inner) => inner.shutdown().catch(() => {})));
  }

  /** Takes no more connections and closes those that are open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const close of [...this.#connections]) close();
    await closed;
    await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
  }

  #accept(socket: tls.TLSSocket): void {
    if (this.#connections.size >= CONNECTIONS_MAXIMUM) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    const peer = peerOf(socket);
    this.#firstBytes(socket, (head, raw) => {
      if (raw) this.#raw.serve(socket, head, peer);
      else this.#serve(socket, head, peer);
    });
  }

  /** Gives what the client says first, at least the whole head of an HTTP/1.1 request that upgrades. */
  #firstBytes(socket: tls.TLSSocket, decide: (head: Buffer, raw: boolean) => void): void {
    const close = () => {
      timer.cancel();
      this.#connections.delete(close);
      socket.destroy();
    };
    const timer = this.#options.clock.after(HEAD_TIMEOUT_MILLISECONDS, close);
    this.#connections.add(close);
    socket.on("error", close);
    socket.on("close", close);
    let head: Buffer = Buffer.alloc(0);
    const take = (bytes: Buffer) => {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const text = socket.alpnProtocol === "h2" ? "" : requestHead(head);
      if (text === undefined && head.length < REQUEST_HEAD_MAXIMUM_BYTES) return;
      timer.cancel();
      socket.off("data", take);
      socket.pause();
      decide(head, isRawUpgrade(text ?? "", this.#options.isPassedOn));
    };
    socket.on("data", take);
  }

  /** Gives the connection an HTTP server of its own. */
  #serve(socket: tls.TLSSocket, head: Buffer, peer: DoorPeer): void {
    const path = `${this.#directory}/${this.#count++}`;
    let open = true;
    const inner = Deno.serve(
      { path, onListen() {}, onError: (error) => this.#failed(error) },
      async (request) => {
        const response = await this.#options.handle(request, peer);
        // A server that has ended drops an answer without a word to who writes it: a watch would go on for nobody.
        if (!open) response.body?.cancel().catch(() => {});
        return response;
      },
    );
    this.#inner.add(inner);
    const upstream = net.connect({ path });
    const close = () => {
      if (!open) return;
      open = false;
      this.#inner.delete(inner);
      socket.destroy();
      upstream.destroy();
      inner.shutdown().catch(() => {});
    };
    upstream.on("connect", () => {
      // The listener has its one connection: nobody else shall find the socket.
      Deno.remove(path).catch(() => {});
    });
    socket.on("error", close);
    socket.on("close", close);
    upstream.on("error", close);
    upstream.on("close", () => {
      // What the server wrote last is on its way still.
      if (socket.writableEnded && !socket.writableFinished) socket.once("finish", close);
      else close();
    });
    if (socket.destroyed) return close();
    upstream.pipe(socket);
    // Not ended with its client: `close` does that. A shutdown of the inner socket that is under way when it is closed
    // is never over for the runtime, which would keep everything of the connection.
    if (socket.alpnProtocol === "h2") {
      upstream.write(head);
      socket.pipe(upstream, { end: false });
    } else {
      const { clock, isPassedOn } = this.#options;
      const requests = new RequestStream((text) => isRawUpgrade(text, isPassedOn));
      passRequests({ socket, upstream, requests, clock }, head, (bytes) => {
        // The answers before it have gone: a client that upgrades has read them.
        open = false;
        this.#inner.delete(inner);
        upstream.unpipe(socket);
        upstream.destroy();
        inner.shutdown().catch(() => {});
        this.#raw.serve(socket, bytes, peer);
      });
    }
  }

  #failed(error: unknown): Response {
    this.#options.logger.error("request handler failed", { error });
    return new Response("Internal error", { status: 500 });
  }
}

function serverCredentials(credentials: DoorCredentials): tls.TlsOptions {
  return {
    key: credentials.key,
    cert: credentials.certificate,
    ...(credentials.clientCa === undefined
      ? {}
      : { ca: credentials.clientCa, requestCert: true, rejectUnauthorized: false }),
    minVersion: "TLSv1.2",
  };
}

function peerOf(socket: tls.TLSSocket): DoorPeer {
  const address = `${socket.remoteAddress ?? ""}:${socket.remotePort ?? 0}`;
  // An unverified certificate comes back in full too: only `authorized` counts.
  const raw = socket.getPeerCertificate()?.raw;
  if (raw === undefined) return { address };
  return socket.authorized
    ? { address, certificate: new Uint8Array(raw) }
    : { address, unverified: true };
}
