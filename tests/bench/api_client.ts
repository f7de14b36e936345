/** How a server is reached and who asks. */
export interface Access {
  /** `https://HOST:PORT`. */
  readonly server: string;
  /** PEM of the server's authority; the machine's own authorities without it. */
  readonly ca?: string;
  readonly token?: string;
  /** PEM of a client certificate and its key. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export class AnswerError extends Error {
  constructor(readonly status: number, method: string, path: string, body: string) {
    super(`${method} ${path}: ${status} ${body.slice(0, 200)}`);
  }
}

/**
 * One client with connections of its own over TLS: HTTP/2, and HTTP/1.1 for requests with bodies. Over HTTP/2 `fetch`
 * sends bodies of 1 KB and more in a second piece that waits 40 ms for the first one's acknowledgement; other clients
 * do not, and it is the server that is measured.
 */
export class ApiClient {
  readonly #server: string;
  readonly #http: Deno.HttpClient;
  readonly #writer: Deno.HttpClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(access: Access, accept = "application/json") {
    this.#server = access.server;
    const options = {
      ...(access.ca === undefined ? {} : { caCerts: [access.ca] }),
      ...(access.certificate ?? {}),
    };
    this.#http = Deno.createHttpClient({ ...options, http1: false, http2: true });
    this.#writer = Deno.createHttpClient({ ...options, http1: true, http2: false });
    this.#headers = {
      accept,
      ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
    };
  }

  /** The whole answer's bytes; throws `AnswerError` for any status but 2xx. */
  async request(
    method: string,
    path: string,
    body?: string,
    contentType = "application/json",
  ): Promise<Uint8Array> {
    const response = await this.#fetch(method, path, body, contentType);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return bytes;
    throw new AnswerError(response.status, method, path, new TextDecoder().decode(bytes));
  }

  async json<T>(method: string, path: string, body?: string, contentType?: string): Promise<T> {
    return JSON.parse(
      new TextDecoder().decode(await this.request(method, path, body, contentType)),
    );
  }

  /** Follows a watch until the signal; resolves when its answer has begun, `line` gets each event's text. */
  async watch(path: string, signal: AbortSignal, line: (text: string) => void): Promise<void> {
    const response = await this.#fetch("GET", path);
    if (!response.ok || response.body === null) {
      throw new AnswerError(response.status, "GET", path, await response.text());
    }
    const reader = response.body.getReader();
    // A signal given to fetch ends nothing once the answer has begun; cancelling its body does.
    signal.addEventListener("abort", () => void reader.cancel(), { once: true });
    void this.#lines(reader, line).catch(() => {});
  }

  close(): void {
    this.#http.close();
    this.#writer.close();
  }

  async #lines(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    line: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) line(text);
    }
  }

  #fetch(
    method: string,
    path: string,
    body?: string,
    contentType?: string,
  ): Promise<Response> {
    const init: RequestInit & { client: Deno.HttpClient } = {
      method,
      client: body === undefined ? this.#http : this.#writer,
      headers: body === undefined
        ? this.#headers
        : { ...this.#headers, "content-type": contentType ?? "application/json" },
      ...(body === undefined ? {} : { body }),
    };
    return fetch(this.#server + path, init);
  }
}
