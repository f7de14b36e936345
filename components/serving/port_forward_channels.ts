import { type Clock, sleep } from "../base/mod.ts";
import { acceptPipe } from "./accepted_pipe.ts";
import { BASE64_CHANNELS } from "./base64_channels.ts";
import type { MessagePipe } from "./message_pipe.ts";
import { SpdySession, type SpdyStream } from "./spdy_session.ts";
import type { PortForwardStream } from "./streams.ts";
import { chooseProtocol, SEND_WAITING_MAXIMUM_BYTES } from "./websocket_channels.ts";

/** The subprotocol that carries raw SPDY/3.1 in binary messages. */
export const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";
/** The same under a name that every WebSocket client may ask for: ours refuses a slash. */
export const TUNNEL_PROTOCOL_ALIAS = "spdy-3.1.portforward.k8s.io";
const CHANNEL_PROTOCOL = "v4.channel.k8s.io";
const BASE64_PROTOCOL = "v4.base64.channel.k8s.io";
const PORTS_MAXIMUM = 64;
const SEND_POLL_MILLISECONDS = 5;
const DATA_WAITING_MAXIMUM_BYTES = 16 * 1024 * 1024;
const PAIR_TIMEOUT_MILLISECONDS = 30_000;
const PAIRS_WAITING_MAXIMUM = 1024;

/**
 * Upgrades a port-forward request to a WebSocket: the SPDY tunnel that kubectl opens, or channels for the ports named
 * in the query. Each connection is handed to `forward`, which owns it.
 */
export function servePortForward(
  request: Request,
  clock: Clock,
  forward: (stream: PortForwardStream, signal: AbortSignal) => void,
): Response {
  const chosen = chooseProtocol(request, [
    TUNNEL_PROTOCOL,
    TUNNEL_PROTOCOL_ALIAS,
    CHANNEL_PROTOCOL,
    BASE64_PROTOCOL,
  ]);
  if (chosen === undefined || chosen === "none") {
    return new Response("no supported WebSocket subprotocol was offered\n", { status: 400 });
  }
  const ports = queryPorts(request);
  const isTunnel = chosen === TUNNEL_PROTOCOL || chosen === TUNNEL_PROTOCOL_ALIAS;
  if (!isTunnel && ports === undefined) {
    return new Response('query parameter "ports" must name 1 to 64 ports\n', { status: 400 });
  }
  const { pipe, response, open } = acceptPipe(
    request,
    chosen,
    chosen === BASE64_PROTOCOL ? BASE64_CHANNELS : undefined,
  );
  const abort = new AbortController();
  const gone = () => abort.abort(new Error("the client is gone"));
  open.then(() => {
    if (isTunnel) {
      const session = serveTunnel(pipe, clock, (stream) => forward(stream, abort.signal));
      session.closed.then(gone);
    } else {
      serveChannels(pipe, clock, ports ?? [], (stream) => forward(stream, abort.signal), gone);
    }
  }).catch(gone);
  return response;
}

/** Pairs the data and error streams of each connection by their request id. */
export function serveTunnel(
  pipe: MessagePipe,
  clock: Clock,
  forward: (stream: PortForwardStream) => void,
): SpdySession {
  const waiting = new Map<string, { data?: SpdyStream; error?: SpdyStream }>();
  const session = new SpdySession(pipe, "server", (stream) => {
    const kind = stream.headers.get("streamtype");
    const port = Number(stream.headers.get("port"));
    if (
      (kind !== "data" && kind !== "error") || !Number.isInteger(port) || port < 1 || port > 65_535
    ) {
      return stream.reset();
    }
    const id = stream.headers.get("requestid") ?? `port ${port}`;
    const pair = waiting.get(id) ?? {};
    if (pair[kind] !== undefined || waiting.size >= PAIRS_WAITING_MAXIMUM) return stream.reset();
    pair[kind] = stream;
    const { data, error } = pair;
    if (data !== undefined && error !== undefined) {
      waiting.delete(id);
      return forward(pairStream(port, data, error, clock, pipe));
    }
    waiting.set(id, pair);
    clock.after(PAIR_TIMEOUT_MILLISECONDS, () => {
      if (waiting.get(id) !== pair) return;
      waiting.delete(id);
      stream.reset();
    });
  });
  return session;
}

function pairStream(
  port: number,
  data: SpdyStream,
  error: SpdyStream,
  clock: Clock,
  pipe: MessagePipe,
): PortForwardStream {
  // The pipe takes everything at once: a fast pod must wait for a slow client here.
  const paced = new TransformStream<Uint8Array, Uint8Array>({
    transform: async (chunk, controller) => {
      while (pipe.buffered > SEND_WAITING_MAXIMUM_BYTES) await sleep(clock, SEND_POLL_MILLISECONDS);
      controller.enqueue(chunk);
    },
  });
  paced.readable.pipeTo(data.writable).then(
    () => error.writable.close().catch(() => {}),
    () => error.reset(),
  );
  return {
    port,
    readable: data.readable,
    writable: paced.writable,
    async fail(message) {
      const writer = error.writable.getWriter();
      await writer.write(new TextEncoder().encode(message)).catch(() => {});
      await writer.close().catch(() => {});
      data.reset();
    },
  };
}

/** Channels 2i and 2i+1 carry data and errors of the i-th port; the first message of each repeats the port. */
function serveChannels(
  pipe: MessagePipe,
  clock: Clock,
  ports: readonly number[],
  forward: (stream: PortForwardStream) => void,
  gone: () => void,
): void {
  let ended = false;
  const controllers: (ReadableStreamDefaultController<Uint8Array> | undefined)[] = [];
  const send = (channel: number, payload: Uint8Array) => {
    if (ended) return;
    const message = new Uint8Array(payload.length + 1);
    message[0] = channel;
    message.set(payload, 1);
    pipe.send(message);
  };
  for (const [index, port] of ports.entries()) {
    const greeting = new Uint8Array([port & 0xff, port >> 8]);
    send(2 * index, greeting);
    send(2 * index + 1, greeting);
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controllers[index] = controller;
      },
      cancel: () => {
        controllers[index] = undefined;
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
    const writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        while (pipe.buffered > SEND_WAITING_MAXIMUM_BYTES && !ended) {
          await sleep(clock, SEND_POLL_MILLISECONDS);
        }
        if (ended) throw new Error("the client is gone");
        send(2 * index, chunk);
      },
    });
    const fail = (message: string) => {
      send(2 * index + 1, new TextEncoder().encode(message));
      return Promise.resolve();
    };
    forward({ port, readable, writable, fail });
  }
  pipe.receive((bytes) => {
    const channel = bytes[0] ?? 0;
    const controller = channel % 2 === 0 ? controllers[channel / 2] : undefined;
    if (controller === undefined || bytes.length <= 1) return;
    if (-(controller.desiredSize ?? 0) > DATA_WAITING_MAXIMUM_BYTES) return pipe.close();
    controller.enqueue(bytes.slice(1));
  }, () => {
    ended = true;
    gone();
    for (const controller of controllers) controller?.error(new Error("the client is gone"));
  });
}

function queryPorts(request: Request): number[] | undefined {
  const values = new URL(request.url).searchParams;
  const ports = [...values.getAll("ports"), ...values.getAll("port")]
    .flatMap((text) => text.split(",")).map(Number);
  const valid = ports.every((port) => Number.isInteger(port) && port > 0 && port <= 65_535);
  return valid && ports.length > 0 && ports.length <= PORTS_MAXIMUM ? ports : undefined;
}
