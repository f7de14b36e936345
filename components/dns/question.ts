import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import * as packets from "dns-packet";
import { type Clock, sleep } from "../base/mod.ts";

const PAUSE_MILLISECONDS = 20;
/** An answer that has not come by then was lost, or nobody was there to give it. */
const ANSWER_MILLISECONDS = 250;

export interface QuestionOptions {
  readonly server: { readonly hostname: string; readonly port: number };
  /** What is asked for the address of. */
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks a server for a name's IPv4 addresses, over UDP, until it has some. Rejects when the signal aborts. */
export async function untilResolved(options: QuestionOptions): Promise<string[]> {
  const { clock, signal } = options;
  for (;;) {
    signal.throwIfAborted();
    // A server that is not there yet may refuse.
    const addresses = await askOnce(options).catch(() => []);
    if (addresses.length > 0) return addresses;
    await sleep(clock, PAUSE_MILLISECONDS, signal);
  }
}

async function askOnce({ clock, name, server, signal }: QuestionOptions): Promise<string[]> {
  const query = packets.encode({ type: "query", id: 0, questions: [{ type: "A", name }] });
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const close = () => {
    try {
      socket.close();
    } catch {
      // It is closed.
    }
  };
  const late = clock.after(ANSWER_MILLISECONDS, close);
  signal.addEventListener("abort", close, { once: true });
  try {
    await socket.send(query, { transport: "udp", ...server });
    const [answer] = await socket.receive();
    return addressesOf(answer);
  } finally {
    signal.removeEventListener("abort", close);
    late.cancel();
    close();
  }
}

function addressesOf(message: Uint8Array): string[] {
  const answer = packets.decode(
    Buffer.from(message.buffer, message.byteOffset, message.byteLength),
  );
  return (answer.answers ?? []).flatMap((record) => record.type === "A" ? [record.data] : []);
}
