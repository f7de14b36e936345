import { backoffDelay, type Clock, type Logger, sleep } from "../base/mod.ts";
import { connectionDuplex, connectTcp, type Duplex } from "./dial.ts";
import { opened, webSocketPipe } from "./message_pipe.ts";
import { type Acceptor, Multiplexer } from "./multiplexer.ts";

const RETRY = { initialMilliseconds: 100, maximumMilliseconds: 5_000 };

/** The path on the API server at which a node's agent opens its tunnel. */
export const TUNNEL_PATH = "/tunnel/v1/nodes/";

export interface TunnelAgentOptions {
  /** `https://host:port` of the API server. */
  readonly server: string;
  readonly client: Deno.HttpClient;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accept: Acceptor;
}

/** Keeps a node's tunnel to the API server open until the signal aborts. */
export async function keepTunnel(options: TunnelAgentOptions, signal: AbortSignal): Promise<void> {
  const { server, client, nodeName, clock, logger } = options;
  const url = server.replace(/^http/, "ws") + TUNNEL_PATH + encodeURIComponent(nodeName);
  let failures = 0;
  while (!signal.aborted) {
    // Deno's WebSocket takes a client and headers where the web's takes protocols only.
    const socket = new WebSocket(url, { client } as unknown as string[]);
    const pipe = webSocketPipe(socket);
    const closed = Promise.withResolvers<void>();
    socket.addEventListener("close", () => closed.resolve());
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      await opened(socket);
      failures = 0;
      new Multiplexer(pipe, "dialer", options.accept);
      await closed.promise;
    } catch (error) {
      failures++;
      logger.debug("tunnel not open", { error: String(error) });
    }
    signal.removeEventListener("abort", close);
    await sleep(clock, backoffDelay(RETRY, Math.max(1, failures)), signal).catch(() => {});
  }
}

/** Joins a tunnel's stream to an address in this process's own network, or to a socket. */
export async function dialLocal(
  target: { readonly hostname: string; readonly port: number } | {
    readonly transport: "unix";
    readonly path: string;
  },
): Promise<Duplex> {
  return connectionDuplex(
    "path" in target ? await Deno.connect(target) : await connectTcp(target.hostname, target.port),
  );
}
