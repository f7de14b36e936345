import { ApiError, badRequest, type Clock } from "../../base/mod.ts";
import {
  BASE64_CHANNELS,
  chooseProtocol,
  isWebSocketUpgrade,
  type PausablePipe,
  takeWebSocket,
  upgradeWebSocket,
  webSocketPipe,
} from "../../serving/mod.ts";
import { upgraded, upgradedSocket } from "../upgraded.ts";
import type { StreamPipe } from "../kubelet_connector.ts";
import { bridge } from "./message_bridge.ts";
import { isSpdyUpgrade, serveSpdy } from "./spdy_upgrade.ts";

/** What carries a client's messages, and what the same is called between us and the kubelet, where all is binary. */
export interface ClientProtocol {
  readonly offered: string;
  readonly backend: string;
  readonly base64: boolean;
}

/** The protocols of one subresource over either carrier, and how to reach its other end. */
export interface BridgeOptions {
  readonly webSocket: readonly ClientProtocol[];
  readonly spdy: {
    /** Values of the stream protocol header, best first. */
    readonly protocols: readonly string[];
    /** What the other end speaks for all of them. */
    readonly backend: string;
    /** The client's connection as messages of `backend`. */
    pipe(raw: PausablePipe, protocol: string): StreamPipe;
  };
  /** Asks the other end without an upgrade, which it answers with 400 where it would take one. */
  ask(): Promise<Response>;
  open(backendProtocol: string): Promise<StreamPipe>;
}

/**
 * Accepts the client's WebSocket or SPDY connection and joins it to the one that `open` opens at the other end. That
 * is opened first, so that a client hears in plain HTTP why there is none.
 */
export async function serveBridge(
  request: Request,
  options: BridgeOptions,
  clock: Clock,
): Promise<Response> {
  if (isSpdyUpgrade(request)) return await serveSpdy(request, options, clock);
  if (!isWebSocketUpgrade(request)) throw badRequest("Upgrade request required");
  const chosen = chooseProtocol(request, options.webSocket.map(({ offered }) => offered));
  // A client that names no protocol speaks the first version.
  const protocol = options.webSocket.find(({ offered }) =>
    offered === (chosen === "none" ? "channel.k8s.io" : chosen)
  );
  if (protocol === undefined) {
    return refuseSubprotocol(request, options.webSocket.map(({ offered }) => offered));
  }
  const backend = await options.open(protocol.backend).catch((error: unknown) => {
    throw backendError(error);
  });
  const subprotocol = chosen === "none" ? undefined : protocol.offered;
  const codec = protocol.base64 ? BASE64_CHANNELS : undefined;
  const taken = takeWebSocket(request, subprotocol, codec);
  if (taken !== undefined) return upgraded(taken.response, bridge(taken.pipe, backend, clock));
  let opened: Deno.WebSocketUpgrade;
  try {
    opened = upgradeWebSocket(request, subprotocol);
  } catch (error) {
    backend.close();
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
  const { socket } = opened;
  const client = webSocketPipe(socket, codec);
  socket.addEventListener("open", () => void bridge(client, backend, clock), { once: true });
  // The client may leave before the socket opens.
  socket.addEventListener("close", () => backend.close(), { once: true });
  return upgradedSocket(opened);
}

/** 403 to a WebSocket whose protocols are not spoken. */
export function refuseSubprotocol(request: Request, supported: readonly string[]): Response {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",")
    .map((each) => each.trim());
  const lists = `[${offered.join(" ")}]; supports [${supported.join(" ")}]`;
  return new Response(`requested protocol(s) are not supported: ${lists}\n`, { status: 403 });
}

/** How upstream tells that the other end was not reached; what that end itself says is told on as it is. */
export function backendError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError(500, "", `error dialing backend: ${why}`);
}
