import { badRequest } from "../../base/mod.ts";
import { TUNNEL_PATH, type TunnelHub, upgradeWebSocket, webSocketPipe } from "../../serving/mod.ts";
import { nodeNameOf } from "../authz/mod.ts";
import type { Authorizer } from "../ports.ts";

/** Lets a node open its own tunnel and no other. */
export const tunnelAuthorizer: Authorizer = {
  authorize({ isResourceRequest, path, user, verb }) {
    const node = isResourceRequest || verb !== "get" ? undefined : tunnelNode(path);
    const own = node !== undefined && node !== "" && node === nodeNameOf(user);
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

/** Takes the tunnel that a node's agent opens; `tunnelAuthorizer` has let it in. Undefined: the path is another. */
export function acceptTunnel(
  hub: TunnelHub,
  request: Request,
  path: string,
): Promise<Response> | undefined {
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
