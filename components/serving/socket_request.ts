import * as http from "node:http";
import { Readable } from "node:stream";

/** A request as it is to be sent. `path` holds the query too. */
export interface SocketRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

const BODILESS_STATUSES = new Set([204, 205, 304]);

/**
 * Sends a request over a unix socket, on a connection of its own, naming the path alone: `fetch` would name the whole
 * URL there, which plain servers refuse. The answer's body is streamed; who cancels it ends the connection. Rejects
 * with why there is no answer.
 */
export function requestOverSocket(socketPath: string, request: SocketRequest): Promise<Response> {
  const { method, path, headers, body } = request;
  return new Promise((resolve, reject) => {
    const sent = http.request({
      socketPath,
      method,
      path,
      headers: Object.fromEntries(headers),
      agent: false,
    }, (answer) => {
      const status = answer.statusCode ?? 502;
      const bodiless = method === "HEAD" || BODILESS_STATUSES.has(status);
      if (bodiless) answer.resume();
      resolve(
        new Response(bodiless ? null : Readable.toWeb(answer) as unknown as ReadableStream, {
          status,
          statusText: answer.statusMessage ?? "",
          headers: headersOf(answer),
        }),
      );
    });
    sent.on("error", reject);
    if (body === null || method === "GET" || method === "HEAD") sent.end();
    else {
      const source = Readable.fromWeb(body as never);
      source.on("error", (error) => sent.destroy(error));
      source.pipe(sent);
    }
  });
}

function headersOf({ rawHeaders }: http.IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  }
  return headers;
}
