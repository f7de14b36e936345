import { BoundedQueue, type Clock, type Logger, sleep } from "../base/mod.ts";
import { answerQuery, type Forward } from "./exchange.ts";
import type { Resolver } from "./resolver.ts";

export interface DnsServerOptions {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
  /** 53 in a cluster; 0 takes any free port. */
  readonly port: number;
  /** Servers outside the cluster, asked in order. */
  readonly upstreams: readonly string[];
}

export interface DnsServer {
  readonly port: number;
  end(): void;
}

const QUESTIONS_IN_FLIGHT_MAXIMUM = 1000;
const TCP_CONNECTIONS_MAXIMUM = 256;
const TCP_IDLE_MILLISECONDS = 10_000;
const FORWARD_TIMEOUT_MILLISECONDS = 2_000;
const MESSAGE_MAXIMUM_BYTES = 65_535;

/** Serves a resolver over UDP and TCP on one port. */
export function serveDns(options: DnsServerOptions): DnsServer {
  const tcp = Deno.listen({ hostname: options.host, port: options.port });
  const port = (tcp.addr as Deno.NetAddr).port;
  const udp = Deno.listenDatagram({ hostname: options.host, port, transport: "udp" });
  const forward = forwarder(options);
  void serveUdp(udp, options, forward);
  void serveTcp(tcp, options, forward);
  return {
    port,
    end() {
      udp.close();
      tcp.close();
    },
  };
}

async function serveUdp(
  socket: Deno.DatagramConn,
  options: DnsServerOptions,
  forward: Forward,
): Promise<void> {
  const inFlight = new BoundedQueue<true>(QUESTIONS_IN_FLIGHT_MAXIMUM);
  try {
    for await (const [message, from] of socket) {
      // Over the bound a question is dropped: resolvers ask again.
      if (!inFlight.push(true)) continue;
      answerQuery(message, "udp", options.resolver, forward)
        .then((answer) => answer === undefined ? 0 : socket.send(answer, from))
        .catch((error) => options.logger.debug("answer not sent", { error: String(error) }))
        .finally(() => inFlight.shift());
    }
  } catch (error) {
    options.logger.debug("UDP ended", { error: String(error) });
  }
}

async function serveTcp(
  listener: Deno.Listener,
  options: DnsServerOptions,
  forward: Forward,
): Promise<void> {
  let connections = 0;
  try {
    for await (const connection of listener) {
      if (connections >= TCP_CONNECTIONS_MAXIMUM) {
        connection.close();
        continue;
      }
      connections++;
      converse(connection, options, forward)
        .catch(() => {})
        .finally(() => {
          connections--;
          connection.close();
        });
    }
  } catch (error) {
    options.logger.debug("TCP ended", { error: String(error) });
  }
}

/** Questions on one connection, each behind its length in two bytes, one after the other. */
async function converse(
  connection: Deno.Conn,
  options: DnsServerOptions,
  forward: Forward,
): Promise<void> {
  for (;;) {
    const idle = options.clock.after(TCP_IDLE_MILLISECONDS, () => connection.close());
    const head = await readExactly(connection, 2);
    const message = head === undefined
      ? undefined
      : await readExactly(connection, head[0]! << 8 | head[1]!);
    idle.cancel();
    if (message === undefined) return;
    const answer = await answerQuery(message, "tcp", options.resolver, forward);
    if (answer === undefined || answer.length > MESSAGE_MAXIMUM_BYTES) return;
    const framed = new Uint8Array(answer.length + 2);
    framed[0] = answer.length >> 8;
    framed[1] = answer.length & 255;
    framed.set(answer, 2);
    for (let sent = 0; sent < framed.length;) sent += await connection.write(framed.subarray(sent));
  }
}

async function readExactly(connection: Deno.Conn, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let have = 0; have < length;) {
    const read = await connection.read(bytes.subarray(have));
    if (read === null) return undefined;
    have += read;
  }
  return bytes;
}

/** Each question outside the cluster gets a socket of its own: its port is hard to guess for whoever would forge. */
function forwarder(options: DnsServerOptions): Forward {
  return async (query) => {
    for (const upstream of options.upstreams) {
      const socket = Deno.listenDatagram({ hostname: "0.0.0.0", port: 0, transport: "udp" });
      try {
        await socket.send(query, { transport: "udp", hostname: upstream, port: 53 });
        const answer = await Promise.race([
          receiveFrom(socket, upstream, query),
          sleep(options.clock, FORWARD_TIMEOUT_MILLISECONDS).then(() => undefined),
        ]);
        if (answer !== undefined) return answer;
      } catch (error) {
        options.logger.debug("upstream failed", { upstream, error: String(error) });
      } finally {
        socket.close();
      }
    }
    return undefined;
  };
}

async function receiveFrom(
  socket: Deno.DatagramConn,
  upstream: string,
  query: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    for (;;) {
      const [answer, from] = await socket.receive();
      const sameId = answer[0] === query[0] && answer[1] === query[1];
      if (sameId && (from as Deno.NetAddr).hostname === upstream) return answer;
    }
  } catch {
    return undefined;
  }
}
