import { Buffer } from "node:buffer";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Logger } from "../base/mod.ts";

/** The other end of a connection, as the door saw it. */
export interface DoorPeer {
  /** DER of the client's certificate; present only when it was verified against the client CA. */
  readonly certificate?: Uint8Array;
  readonly address: string;
}

export interface DoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: DoorCredentials;
  readonly logger: Logger;
  handle(request: Request, peer: DoorPeer): Promise<Response>;
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
 * another local user; the inner server ends with its connection, whichever side closes first.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #server: tls.Server;
  readonly #directory: string;
  readonly #connections = new Set<() => void>();
  #count = 0;

  private constructor(options: DoorOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#server = tls.createServer({
      ...serverCredentials(options.credentials),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MILLISECONDS,
    }, (socket) => this.#accept(socket));
    this.#server.on("tlsClientError", () => {});
  }

  static async open(options: DoorOptions): Promise<Door> {
    const directory = await Deno.makeTempDir({ prefix: "coracle-door-" });
    await Deno.chmod(directory, 0o700);
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
    const path = `${this.#directory}/${this.#count++}`;
    const inner = Deno.serve(
      { path, onListen() {}, onError: (error) => this.#failed(error) },
      (request) => this.#options.handle(request, peer),
    );
    const upstream = net.connect({ path });
    const close = () => {
      if (!this.#connections.delete(close)) return;
      socket.destroy();
      upstream.destroy();
      inner.shutdown().catch(() => {});
    };
    this.#connections.add(close);
    upstream.on("connect", () => {
      // The listener has its one connection: nobody else shall find the socket.
      Deno.remove(path).catch(() => {});
    });
    for (const end of [socket, upstream]) {
      end.on("error", close);
      end.on("close", close);
    }
    socket.once("data", (head: Buffer) => {
      upstream.write(readableUpgrade(head));
      socket.pipe(upstream);
    });
    upstream.pipe(socket);
  }

  #failed(error: unknown): Response {
    this.#options.logger.error("request handler failed", { error });
    return new Response("Internal error", { status: 500 });
  }
}

const EMPTY_BODY = "\r\ncontent-length: 0\r\n";

/**
 * The beginning of a connection as Deno's server understands it: it answers a bare 400 to an upgrade that says it has
 * no body, as kubectl's over SPDY does, and the client would not hear what is wrong. Pure.
 */
export function readableUpgrade(head: Buffer): Buffer {
  if (head.toString("latin1", 0, 5) !== "POST ") return head;
  const text = head.toString("latin1");
  const lower = text.slice(0, text.indexOf("\r\n\r\n") + 2).toLowerCase();
  const at = lower.indexOf(EMPTY_BODY);
  if (at < 0 || !lower.includes("\r\nupgrade: spdy/")) return head;
  return Buffer.from(text.slice(0, at) + text.slice(at + EMPTY_BODY.length - 2), "latin1");
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
  const raw = socket.authorized ? socket.getPeerCertificate()?.raw : undefined;
  return raw === undefined ? { address } : { address, certificate: new Uint8Array(raw) };
}
