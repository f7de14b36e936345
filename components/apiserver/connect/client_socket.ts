import { ApiError, badRequest, type Clock, notImplemented } from "../../base/mod.ts";
import { chooseProtocol, isWebSocketUpgrade, webSocketPipe } from "../../serving/mod.ts";
import type { StreamPipe } from "../kubelet_connector.ts";
import { base64Pipe } from "./base64_pipe.ts";
import { bridge } from "./message_bridge.ts";

/** What carries a client's messages, and what the same is called between us and the kubelet, where all is binary. */
export interface ClientProtocol {
  readonly offered: string;
  readonly backend: string;
  readonly base64: boolean;
}

/**
 * Accepts the client's WebSocket and joins it to the one that `open` opens at the other end. That is opened first, so
 * that a client hears in plain HTTP why there is none. `ask` asks the other end without an
 * upgrade, which it answers with 400 where it would take one.
 */
export async function serveBridge(
  request: Request,
  supported: readonly ClientProtocol[],
  clock: Clock,
  ask: () => Promise<Response>,
  open: (backendProtocol: string) => Promise<StreamPipe>,
): Promise<Response> {
  if (!isWebSocketUpgrade(request)) {
    if (request.headers.get("upgrade")?.toLowerCase().startsWith("spdy/") === true) {
      // kubectl falls back to SPDY when the WebSocket failed, and tells its user this answer only.
      await refusal(ask);
      throw notImplemented("streaming over SPDY");
    }
    throw badRequest("Upgrade request required");
  }
  const chosen = chooseProtocol(request, supported.map(({ offered }) => offered));
  // A client that names no protocol speaks the first version.
  const protocol = supported.find(({ offered }) =>
    offered === (chosen === "none" ? "channel.k8s.io" : chosen)
  );
  if (protocol === undefined) throw badRequest("unable to upgrade: no supported subprotocol");
  const backend = await open(protocol.backend).catch((error: unknown) => {
    throw backendError(error);
  });
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = Deno.upgradeWebSocket(request, {
      idleTimeout: 0,
      ...(chosen === "none" ? {} : { protocol: protocol.offered }),
    });
  } catch (error) {
    backend.close();
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
  const { socket, response } = upgraded;
  const client = protocol.base64 ? base64Pipe(socket) : webSocketPipe(socket);
  socket.addEventListener("open", () => bridge(client, backend, clock), { once: true });
  // The client may leave before the socket opens.
  socket.addEventListener("close", () => backend.close(), { once: true });
  return response;
}

/** Throws what the other end would refuse an upgrade with. */
async function refusal(ask: () => Promise<Response>): Promise<void> {
  const answer = await ask().catch((error: unknown) => {
    throw backendError(error);
  });
  const text = await answer.text();
  if (answer.status === 400) return;
  throw new ApiError(answer.status, "", `unable to upgrade connection: ${text.trim()}`);
}

/** How upstream tells that the other end was not reached; what that end itself says is told on as it is. */
export function backendError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError(500, "", `error dialing backend: ${why}`);
}
