import type { ExecStreams } from "../../serving/mod.ts";
import { type Hijacked, writeAll } from "./hijack.ts";
import { FrameReader } from "./raw_stream.ts";

/**
 * Carries one exec or attach session: ends when the other side does, or with the client. Closes stdout and stderr.
 * With a terminal there is one raw stream, else frames.
 */
export async function carrySession(
  hijacked: Hijacked,
  streams: ExecStreams,
  resize: (height: number, width: number) => Promise<void>,
): Promise<void> {
  const { connection } = hijacked;
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    connection.close();
  };
  streams.signal.addEventListener("abort", close, { once: true });
  const writers = {
    stdin: undefined,
    stdout: streams.stdout?.getWriter(),
    stderr: streams.stderr?.getWriter(),
  };
  const input = streams.stdin?.getReader();
  const sizes = streams.resize?.getReader();
  void pumpInput(connection, input);
  void pumpSizes(sizes, resize);
  const frames = streams.tty ? undefined : new FrameReader();
  try {
    for (let bytes; (bytes = await hijacked.read()) !== undefined;) {
      if (frames === undefined) await writers.stdout?.write(bytes);
      else {for (const { stream, payload } of frames.read(bytes)) {
          await writers[stream]?.write(payload);
        }}
    }
  } catch (error) {
    if (!streams.signal.aborted) throw error;
  } finally {
    streams.signal.removeEventListener("abort", close);
    close();
    void input?.cancel().catch(() => {});
    void sizes?.cancel().catch(() => {});
    await Promise.all([closed(writers.stdout), closed(writers.stderr)]);
  }
}

async function pumpInput(
  connection: Deno.Conn,
  input: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<void> {
  if (input === undefined) return;
  try {
    for (;;) {
      const { value, done } = await input.read();
      if (done) break;
      await writeAll(connection, value);
    }
    await connection.closeWrite();
  } catch {
    // The session has ended: its own end tells the rest.
  }
}

async function pumpSizes(
  sizes: ReadableStreamDefaultReader<{ Width: number; Height: number }> | undefined,
  resize: (height: number, width: number) => Promise<void>,
): Promise<void> {
  if (sizes === undefined) return;
  try {
    for (;;) {
      const { value, done } = await sizes.read();
      if (done) return;
      // A size that comes before the process, or after it, is lost: the next one counts.
      await resize(value.Height, value.Width).catch(() => {});
    }
  } catch {
    // The client is gone.
  }
}

async function closed(writer: WritableStreamDefaultWriter<Uint8Array> | undefined): Promise<void> {
  await writer?.close().catch(() => {});
}
