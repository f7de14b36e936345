import { forbidden } from "../../base/mod.ts";
import { TUNNEL_PATH, type TunnelHub, webSocketPipe } from "../../serving/mod.ts";
import { nodeNameOf } from "../authz/mod.ts";
import type { UserInfo } from "../ports.ts";

const MASTERS_GROUP = "system:masters";

/** Takes the tunnel that a node's agent opens, from that node only. Undefined: the path is another. */
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
