import { TUNNEL_PATH, type TunnelHub, webSocketPipe } from "../../serving/mod.ts";
import { nodeNameOf } from "../authz/mod.ts";
import type { Authorizer, UserInfo } from "../ports.ts";

/** Lets a node open its own tunnel and no other. */
export const tunnelAuthorizer: Authorizer = {
  authorize({ isResourceRequest, path, user, verb }) {
    const own = !isResourceRequest && verb === "get" && tunnelNode(path) !== undefined &&
      tunnelNode(path) === nodeNameOf(user);
    return { allowed: own, reason: own ? "a node's own tunnel" : "" };
  },
};

function tunnelNode(path: string): string | undefined {
  return path.startsWith(TUNNEL_PATH)
    ? decodeURIComponent(path.slice(TUNNEL_PATH.length))
    : undefined;
}

/** Takes the tunnel that a node's agent opens; `tunnelAuthorizer` has let it in. Undefined: the path is another. */
export function acceptTunnel(
  hub: TunnelHub,
  request: Request,
  path: string,
  user: UserInfo,
): Promise<Response> | undefined {
  if (!path.startsWith(TUNNEL_PATH)) return undefined;
  const node = decodeURIComponent(path.slice(TUNNEL_PATH.length));
  if (nodeNameOf(user) !== node && !user.groups.includes(MASTERS_GROUP)) {
    throw forbidden(
      { group: "", resource: "nodes/tunnel" },
      node,
      "only the node itself may open its tunnel",
    );
  }
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Promise.resolve(new Response("a tunnel is a WebSocket\n", { status: 426 }));
  }
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  const pipe = webSocketPipe(socket);
  socket.addEventListener("open", () => hub.add(node, pipe));
  return Promise.resolve(response);
}
