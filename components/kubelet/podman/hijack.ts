import { complaint, LibpodError } from "./libpod_error.ts";

const HEAD_MAXIMUM_BYTES = 64 * 1024;
const ERROR_MAXIMUM_BYTES = 64 * 1024;

/** A connection that has stopped speaking HTTP: both ways raw, each half closed on its own. */
export interface Hijacked {
  readonly connection: Deno.Conn;
  /** The next bytes from the other side; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
}

/**
 * POSTs JSON, or nothing, to a unix socket and asks to take the connection over. Rejects with `LibpodError` when
 * refused. What an attach call carries would be taken for the container's input: it must carry nothing.
 */
export async function hijack(socket: string, target: string, body?: unknown): Promise<Hijacked> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  try {
    const bytes = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
    const head = [
      `POST ${target} HTTP/1.1`,
      "Host: podman",
      "Connection: Upgrade",
      "Upgrade: tcp",
      ...(body === undefined ? [] : ["Content-Type: application/json"]),
      `Content-Length: ${bytes.length}`,
      "",
      "",
    ].join("\r\n");
    await writeAll(connection, new TextEncoder().encode(head));
    await writeAll(connection, bytes);
    const { status, rest } = await readHead(connection);
    if (status !== 101 && status !== 200) {
      throw new LibpodError(status, complaint(await readText(connection, rest), status));
    }
    let first: Uint8Array | undefined = rest.length > 0 ? rest : undefined;
    return {
      connection,
      async read() {
        if (first !== undefined) {
          const bytes = first;
          first = undefined;
          return bytes;
        }
        const buffer = new Uint8Array(32 * 1024);
        const count = await connection.read(buffer);
        return count === null ? undefined : buffer.subarray(0, count);
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Where a head of HTTP ends in these bytes, after its blank line; -1 while it does not. Pure. */
export function headEnd(bytes: Uint8Array): number {
  for (let i = 3; i < bytes.length; i++) {
    if (bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 && bytes[i - 3] === 13) {
      return i + 1;
    }
  }
  return -1;
}

async function readHead(
  connection: Deno.Conn,
): Promise<{ readonly status: number; readonly rest: Uint8Array }> {
  let seen = new Uint8Array(0);
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) throw new LibpodError(0, "Podman closed the connection");
    const joined = new Uint8Array(seen.length + count);
    joined.set(seen);
    joined.set(buffer.subarray(0, count), seen.length);
    seen = joined;
    const end = headEnd(seen);
    if (end >= 0) {
      const line = new TextDecoder().decode(seen.subarray(0, end)).split("\r\n", 1)[0] ?? "";
      return { status: Number(line.split(" ")[1]), rest: seen.slice(end) };
    }
    if (seen.length > HEAD_MAXIMUM_BYTES) throw new LibpodError(0, "Podman's answer is too long");
  }
}

/** An error answer's body: the object in it, whatever way it is transferred. */
async function readText(connection: Deno.Conn, rest: Uint8Array): Promise<string> {
  const decoder = new TextDecoder();
  let text = decoder.decode(rest, { stream: true });
  const buffer = new Uint8Array(4096);
  // Podman keeps the connection: an object's end is the end.
  while (!text.trimEnd().endsWith("}") && text.length < ERROR_MAXIMUM_BYTES) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  const [from, to] = [text.indexOf("{"), text.lastIndexOf("}")];
  return from >= 0 && to > from ? text.slice(from, to + 1) : text;
}
