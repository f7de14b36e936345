import { RuntimeError } from "../runtime.ts";
import { hijack, type Hijacked } from "./hijack.ts";
import { LibpodError, libpodError } from "./libpod_error.ts";

/** Understood by Podman 4 and 5. */
const BASE = "/v4.0.0/libpod";

export interface LibpodRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly stream?: ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Podman's REST interface over its unix socket. A service that died is brought back before a request is tried again. */
export class LibpodClient {
  readonly #socket: string;
  readonly #ensure: () => Promise<void>;
  readonly #http: Deno.HttpClient;

  constructor(socket: string, ensure: () => Promise<void>) {
    this.#socket = socket;
    this.#ensure = ensure;
    this.#http = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  }

  /** The answer's JSON; undefined for an empty answer. Rejects with `LibpodError` or `Unavailable`. */
  async json<T>(method: string, path: string, request: LibpodRequest = {}): Promise<T> {
    const response = await this.open(method, path, request);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** As `json`, with undefined where Podman knows nothing by that name. */
  async find<T>(path: string, request: LibpodRequest = {}): Promise<T | undefined> {
    try {
      return await this.json<T>("GET", path, request);
    } catch (error) {
      if (error instanceof LibpodError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The answer with its body still to be read, if it is no error. */
  async open(method: string, path: string, request: LibpodRequest = {}): Promise<Response> {
    const response = await this.#send(method, path, request);
    if (response.ok || response.status === 304) return response;
    throw await libpodError(response);
  }

  /** Takes the connection over for an exec or attach session. */
  async hijack(path: string, request: LibpodRequest = {}): Promise<Hijacked> {
    const target = BASE + path + queryText(request.query);
    const start = () => hijack(this.#socket, target, request.body);
    let hijacked: Hijacked;
    try {
      hijacked = await start();
    } catch (error) {
      if (error instanceof LibpodError || !couldNotConnect(error)) throw error;
      await this.#ensure();
      hijacked = await start();
    }
    return hijacked;
  }

  close(): void {
    this.#http.close();
  }

  async #send(method: string, path: string, request: LibpodRequest): Promise<Response> {
    // An address: a name would be looked up, even for a socket.
    const url = `http://127.0.0.1${BASE}${path}${queryText(request.query)}`;
    const init = (): RequestInit & { client: Deno.HttpClient } => ({
      method,
      client: this.#http,
      headers: {
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined
        ? request.stream === undefined ? {} : { body: request.stream }
        : { body: JSON.stringify(request.body) }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const once = () => fetch(url, init());
    try {
      return await once();
    } catch (error) {
      request.signal?.throwIfAborted();
      await this.#ensure();
      // What may have been carried out is not asked for twice.
      const repeatable = method === "GET" || couldNotConnect(error) && request.stream === undefined;
      if (!repeatable) throw unavailable(error);
    }
    try {
      return await once();
    } catch (error) {
      request.signal?.throwIfAborted();
      throw unavailable(error);
    }
  }
}

function queryText(query: LibpodRequest["query"]): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) words.append(name, String(value));
  }
  const text = words.toString();
  return text === "" ? "" : `?${text}`;
}

function couldNotConnect(error: unknown): boolean {
  const text = causes(error);
  return ["os error 2", "os error 111", "client error (Connect)"].some((part) =>
    text.includes(part)
  );
}

function unavailable(error: unknown): RuntimeError {
  return new RuntimeError("Unavailable", `Podman's service cannot be reached: ${causes(error)}`);
}

function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`;
}
