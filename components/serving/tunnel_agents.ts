import { sleep } from "../base/mod.ts";
import { keepTunnel, type TunnelAgentOptions } from "./tunnel_agent.ts";

/** Where an API server tells a node's agent of the other API servers: `{"servers":["https://…"]}`. */
export const TUNNEL_SERVERS_PATH = "/tunnel/v1/servers";
/** How often that is asked; a server that has come since is without the node's tunnel for as long. */
export const SERVERS_POLL_MILLISECONDS = 30_000;
/** Tunnels that one node keeps; clusters have three API servers, or five. */
const SERVERS_MAXIMUM = 16;

/**
 * Keeps a tunnel to each of the API servers that the agent's own tells of, so that a node can be reached through
 * whichever of them is asked. The own server's is kept whatever becomes of the others; what it told last holds while it
 * is away. An agent that speaks to its server over a socket has a way to that one alone.
 */
export async function keepTunnels(options: TunnelAgentOptions, signal: AbortSignal): Promise<void> {
  const own = keepTunnel(options, signal);
  if (options.server.startsWith("https:")) await followOthers(options, signal);
  await own;
}

async function followOthers(options: TunnelAgentOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  const kept = new Map<string, { readonly abort: AbortController; readonly over: Promise<void> }>();
  while (!signal.aborted) {
    try {
      const servers = await othersOf(options, signal);
      for (const [server, { abort }] of kept) {
        if (servers.includes(server)) continue;
        abort.abort(new Error("the server is gone"));
        kept.delete(server);
      }
      for (const server of servers) {
        if (kept.has(server)) continue;
        const abort = new AbortController();
        kept.set(server, { abort, over: keepTunnel({ ...options, server }, abort.signal) });
      }
    } catch (error) {
      logger.debug("the API servers are not known", { error: String(error) });
    }
    await sleep(clock, SERVERS_POLL_MILLISECONDS, signal).catch(() => {});
  }
  for (const { abort } of kept.values()) abort.abort(new Error("the node ends"));
  await Promise.all([...kept.values()].map(({ over }) => over));
}

async function othersOf(
  { server, client }: TunnelAgentOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const init = { client, signal } as RequestInit;
  const response = await fetch(server + TUNNEL_SERVERS_PATH, init);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const { servers } = await response.json() as { readonly servers?: unknown };
  if (!Array.isArray(servers)) throw new Error("no list of servers");
  return servers.filter((each) => typeof each === "string" && each.startsWith("https:"))
    .slice(0, SERVERS_MAXIMUM);
}
