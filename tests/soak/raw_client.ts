import type { KubeconfigAccess } from "../../components/cluster/mod.ts";
import { patience } from "../patience.ts";
import type { RawStream } from "./random_stream.ts";

/** What is kept of an answer, to read its head and tell of it. */
const KEPT_BYTES = 64 * 1024;

/** Says what a stream says on a connection of its own and answers how it was answered, once that has ended. */
export async function speak(
  access: KubeconfigAccess,
  stream: RawStream,
  milliseconds: number,
): Promise<string> {
  const { hostname, port } = new URL(access.server);
  const { certificate: cert, key } = access;
  const connection = await Deno.connectTls({
    hostname,
    port: Number(port),
    caCerts: [access.authority ?? ""],
    alpnProtocols: [stream.alpn],
    ...(stream.certified && cert !== undefined && key !== undefined ? { cert, key } : {}),
  });
  const answer = new Answer(connection);
  const doing = { step: "its head" };
  const { late, end } = patience(
    milliseconds,
    () => `no end of ${doing.step} after ${milliseconds} ms`,
  );
  const say = async () => {
    for (const piece of stream.head) await write(connection, piece);
    if (stream.whole) await answer.head;
    doing.step = "its tail";
    await write(connection, stream.tail);
    if (stream.abrupt) return;
    doing.step = "the connection";
    await connection.closeWrite().catch(() => {});
    await answer.end;
  };
  try {
    await Promise.race([say(), late]);
    return answer.text;
  } catch (error) {
    throw new Error(`${(error as Error).message}; answered ${JSON.stringify(answer.text)}`);
  } finally {
    end();
    connection.close();
    await answer.end;
  }
}

/** Whatever a server says, read as it comes. */
class Answer {
  readonly head: Promise<void>;
  readonly end: Promise<void>;
  readonly #bytes = new Uint8Array(KEPT_BYTES);
  #kept = 0;

  constructor(connection: Deno.TlsConn) {
    const head = Promise.withResolvers<void>();
    this.head = head.promise;
    this.end = this.#read(connection, () => head.resolve()).finally(() => head.resolve());
  }

  get text(): string {
    return new TextDecoder("latin1").decode(this.#bytes.subarray(0, this.#kept));
  }

  async #read(connection: Deno.TlsConn, headCame: () => void): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) return;
        const room = buffer.subarray(0, Math.min(count, KEPT_BYTES - this.#kept));
        this.#bytes.set(room, this.#kept);
        this.#kept += room.length;
        if (this.text.includes("\r\n\r\n")) headCame();
      }
    } catch {
      // Reset, or closed by ourselves: an end as good as any.
    }
  }
}

/** A server may have hung up on what it had heard. */
async function write(connection: Deno.TlsConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  } catch {
    // The end of the answer tells the same.
  }
}
