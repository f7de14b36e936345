import { badRequest } from "../../base/mod.ts";
import type { Endpoints } from "../../api/served.ts";
import {
  TUNNEL_PATH,
  TUNNEL_SERVERS_PATH,
  type TunnelHub,
  upgradeWebSocket,
  webSocketPipe,
} from "../../serving/mod.ts";
import { nodeNameOf } from "../authz/mod.ts";
import type { Authorizer, ObjectReader } from "../ports.ts";

const HTTPS_PORT = 443;

/** Lets a node open its own tunnel and no other. */
export const tunnelAuthorizer: Authorizer = {
  authorize({ isResourceRequest, path, user, verb }) {
    const asker = nodeNameOf(user) ?? "";
    const isGet = !isResourceRequest && verb === "get" && asker !== "";
    const own = isGet && (path === TUNNEL_SERVERS_PATH || tunnelNode(path) === asker);
    return { allowed: own, reason: own ? "a node's own tunnel" : "" };
  },
};

function tunnelNode(path: string): string | undefined {
  if (!path.startsWith(TUNNEL_PATH)) return undefined;
  try {
    return decodeURIComponent(path.slice(TUNNEL_PATH.length));
  } catch {
    // No node has a name that cannot be read.
    return undefined;
  }
}

/** `https://host:port` of the API servers that share a store with the one at `own`, which is left out. */
export function otherServers(reader: ObjectReader, own: readonly string[]): string[] {
  const { subsets = [] } = reader.get<Endpoints>("", "endpoints", "default", "kubernetes") ?? {};
  return subsets.flatMap(({ addresses = [], ports = [] }) =>
    addresses.map(({ ip = "" }) => ip).filter((ip) => !own.includes(ip)).map((ip) =>
      `https://${ip.includes(":") ? `[${ip}]` : ip}:${ports[0]?.port ?? HTTPS_PORT}`
    )
  );
}

/**
 * Takes the tunnel that a node's agent opens, and tells it of the `others` that want one as well; `tunnelAuthorizer`
 * has let it in. Undefined: the path is another.
 */
export function acceptTunnel(
  hub: TunnelHub,
  request: Request,
  path: string,
  others: () => readonly string[] = () => [],
): Promise<Response> | undefined {
  if (path === TUNNEL_SERVERS_PATH) {
    return Promise.resolve(Response.json({ servers: others() }));
  }
  const node = tunnelNode(path);
  if (node === undefined || node === "") return undefined;
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Promise.resolve(new Response("a tunnel is a WebSocket\n", { status: 426 }));
  }
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = upgradeWebSocket(request);
  } catch (error) {
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
  const { socket, response } = upgraded;
  const pipe = webSocketPipe(socket);
  socket.addEventListener("open", () => hub.add(node, pipe));
  return Promise.resolve(response);
}
