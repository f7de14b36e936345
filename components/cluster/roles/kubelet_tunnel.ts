import type { Clock, Logger } from "../../base/mod.ts";
import type { RunningKubelet } from "../../kubelet/mod.ts";
import {
  dialLocal,
  type Duplex,
  keepTunnels,
  KUBELET_HOST,
  UpgradeFront,
} from "../../serving/mod.ts";
import type { Connection } from "../connection.ts";

/** What the kubelet's server is told of a caller that came through the tunnel: the API server and nobody else. */
export const TUNNEL_PEER = { address: "tunnel" } as const;

export interface KubeletTunnelOptions {
  readonly connection: Connection;
  readonly kubelet: RunningKubelet;
  readonly nodeName: string;
  /** For the kubelet's socket, made when it is first needed; in a folder that only this user can enter. */
  readonly socket: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reaches a pod or another address in the node's network; absent where there is none. */
  readonly dial?: (host: string, port: number) => Promise<Duplex>;
}

/**
 * Keeps the node's tunnel to each API server, through which it reaches this node's kubelet and pods. Answers how to
 * end it.
 */
export function kubeletTunnel(options: KubeletTunnelOptions): () => Promise<void> {
  const { connection, kubelet, nodeName, socket, clock, logger, dial } = options;
  const { server, http } = connection;
  if (http === undefined) return () => Promise.resolve();
  const abort = new AbortController();
  let serving: Promise<UpgradeFront> | undefined;
  const running = keepTunnels({
    server,
    client: http,
    nodeName,
    clock,
    logger,
    accept: async ({ host, port }) => {
      if (host !== KUBELET_HOST) {
        if (dial === undefined) throw new Error(`node ${nodeName} has no network`);
        return await dial(host, port);
      }
      serving ??= UpgradeFront.open({
        path: socket,
        peer: TUNNEL_PEER,
        clock,
        logger,
        handle: (request) => kubelet.fetch(request, TUNNEL_PEER),
      });
      await serving;
      return await dialLocal({ transport: "unix", path: socket });
    },
  }, abort.signal);
  return async () => {
    abort.abort(new Error("the node ends"));
    await running;
    await (await serving)?.close();
  };
}
