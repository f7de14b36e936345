import { Duplex as NodeDuplex } from "node:stream";
import * as tls from "node:tls";
import type { Duplex } from "./dial.ts";

/** PEM texts and whom to expect. Without `authority` any certificate is taken. */
export interface SecureOptions {
  readonly host: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A dialled connection as a node stream, which can be paused and told how much of it waits. */
export function nodeStream(duplex: Duplex): NodeDuplex {
  const stream = NodeDuplex.fromWeb(
    { readable: duplex.readable, writable: duplex.writable } as never,
  );
  stream.on("close", () => duplex.close());
  return stream;
}

/** The client's side of TLS over any connection. Rejects with why there is none. */
export async function secureStream(plain: NodeDuplex, options: SecureOptions): Promise<NodeDuplex> {
  const { authority, certificate, host, key } = options;
  const socket = tls.connect({
    socket: plain as never,
    host,
    rejectUnauthorized: authority !== undefined,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", () => resolve());
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("connection closed before the TLS handshake")));
  });
  return socket;
}

/** A node stream as those of the web. */
export function webDuplex(stream: NodeDuplex): Duplex {
  const { readable, writable } = NodeDuplex.toWeb(stream);
  return {
    readable: readable as unknown as ReadableStream<Uint8Array>,
    writable: writable as unknown as WritableStream<Uint8Array>,
    close: () => void stream.destroy(),
  };
}
