import { X509Certificate } from "node:crypto";
import type { ClientRequest, IncomingMessage } from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { type Duplex as NodeDuplex, type Readable, Writable } from "node:stream";
import * as tls from "node:tls";
import type { Duplex } from "./dial.ts";
import { nodeStream } from "./node_stream.ts";
import { type PausablePipe, socketPipe } from "./raw_connection.ts";

/** Connections of one client that wait for a next request; more are closed. */
const IDLE_CONNECTIONS_MAXIMUM = 8;
/** Requests of one client at once; more wait for a connection. */
const CONNECTIONS_MAXIMUM = 128;
const IDLE_MAXIMUM_MILLISECONDS = 60_000;

export interface TlsClientOptions {
  /** Opens the bytes' way to the server; asked once a connection. */
  connect(): Promise<Duplex>;
  /** What the server's certificate must be for, and what is asked for by SNI. */
  readonly serverName: string;
  /** PEM of the authorities to trust instead of the machine's own. */
  readonly authorities?: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Takes any certificate. */
  readonly insecure?: boolean;
  /** What this client shows of itself, PEM. */
  readonly credential?: { readonly certificate: string; readonly key: string };
}

export interface TlsRequest {
  readonly method: string;
  /** Path and query as they go on the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to be read: who loses interest destroys it. */
export interface TlsAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, each pair as it came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Readable;
}

/**
 * An HTTPS client whose every connection goes over a stream of the caller's choice, so through tunnels too. Connections
 * are kept for the next request. Redirects are not followed. Rejects with an `Error` that says what went wrong with the
 * connection, or with the signal's reason.
 */
export class TlsClient {
  readonly #agent: StreamAgent;

  constructor(options: TlsClientOptions) {
    this.#agent = new StreamAgent(options);
  }

  async request(asked: TlsRequest): Promise<TlsAnswer> {
    try {
      return await this.#once(asked);
    } catch (error) {
      // The server may close a kept connection just when it is used again: what it has not read can be sent anew.
      if (!(error instanceof StaleConnectionError) || asked.body instanceof ReadableStream) {
        throw error;
      }
      return await this.#once(asked);
    }
  }

  /** A connection of its own, for who speaks HTTP over it himself. */
  async open(): Promise<PausablePipe> {
    return socketPipe(await this.#agent.open());
  }

  /** Ends every connection. */
  close(): void {
    this.#agent.destroy();
  }

  #once(asked: TlsRequest): Promise<TlsAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#send(asked, reject);
      request.on("response", (message) => resolve(answerOf(message)));
      const { body } = asked;
      if (body instanceof ReadableStream) {
        body.pipeTo(Writable.toWeb(request as never) as WritableStream<Uint8Array>)
          .catch((error) => request.destroy(error instanceof Error ? error : undefined));
      } else {
        request.end(body);
      }
    });
  }

  #send(
    { method, path, headers, signal }: TlsRequest,
    reject: (error: unknown) => void,
  ): ClientRequest {
    const request = https.request({
      agent: this.#agent,
      method,
      path,
      headers: headers as Record<string, string | string[]>,
      setHost: false,
    });
    const abort = () => {
      reject(signal?.reason);
      request.destroy();
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    request.on("close", () => signal?.removeEventListener("abort", abort));
    request.on("error", (error: Error & { code?: string }) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale ? new StaleConnectionError(error.message) : error);
    });
    return request;
  }
}

class StaleConnectionError extends Error {}

type Created = (error: Error | null, socket?: tls.TLSSocket) => void;

/** Makes each connection from the caller's stream. */
class StreamAgent extends https.Agent {
  readonly #options: TlsClientOptions;

  constructor(options: TlsClientOptions) {
    super({
      keepAlive: true,
      maxFreeSockets: IDLE_CONNECTIONS_MAXIMUM,
      maxSockets: CONNECTIONS_MAXIMUM,
      timeout: IDLE_MAXIMUM_MILLISECONDS,
    });
    this.#options = options;
  }

  // Nothing is answered at once: the agent takes the connection from the callback.
  override createConnection(_options: unknown, created?: unknown): NodeDuplex {
    this.open().then(
      (socket) => (created as Created)(null, socket),
      (error) => (created as Created)(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined as never;
  }

  async open(): Promise<tls.TLSSocket> {
    const { serverName, authorities, insecure = false, credential, now } = this.#options;
    const stream = await this.#options.connect();
    const transport = nodeStream(stream);
    try {
      const socket = tls.connect({
        socket: transport as never,
        // An address is no name to ask for, but still what the certificate must be for.
        ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
        rejectUnauthorized: false,
        ...(authorities === undefined ? {} : { ca: authorities }),
        ...(credential === undefined ? {} : { cert: credential.certificate, key: credential.key }),
      });
      transport.on("error", (error) => socket.destroy(error));
      socket.on("close", () => transport.destroy());
      await handshake(socket);
      const why = insecure ? undefined : refusalOf(socket, serverName, now());
      if (why === undefined) return socket;
      socket.on("error", () => {});
      socket.destroy();
      throw new Error(`tls: failed to verify certificate: x509: ${why}`);
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }
}

function handshake(socket: tls.TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("secureConnect", resolve);
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("EOF")));
  return promise;
}

/** Why a server's certificate is not taken; undefined where it is. */
function refusalOf(
  socket: tls.TLSSocket,
  serverName: string,
  now: number,
): string | undefined {
  if (socket.authorized) return undefined;
  const shown = socket.getPeerCertificate();
  if ((shown as { raw?: Uint8Array }).raw === undefined) {
    return "certificate signed by unknown authority";
  }
  const certificate = new X509Certificate(shown.raw as never);
  if (Date.parse(certificate.validFrom) > now || Date.parse(certificate.validTo) < now) {
    return "certificate has expired or is not yet valid";
  }
  if (tls.checkServerIdentity(serverName, shown) !== undefined) {
    return `certificate is valid for ${namesOf(certificate)}, not ${serverName}`;
  }
  return "certificate signed by unknown authority";
}

function namesOf({ subjectAltName = "" }: X509Certificate): string {
  const names = subjectAltName.split(", ").map((each) => each.slice(each.indexOf(":") + 1));
  return names.join(", ");
}

function answerOf(message: IncomingMessage): TlsAnswer {
  return {
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? "",
    headers: headersOf(message),
    body: message,
  };
}

function headersOf({ rawHeaders }: IncomingMessage): (readonly [string, string])[] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  }
  return headers;
}
