import {
  type DialTarget,
  KUBELET_HOST,
  opened,
  TUNNEL_PROTOCOL,
  TUNNEL_PROTOCOL_ALIAS,
  type TunnelHub,
  webSocketPipe,
} from "../../serving/mod.ts";
import type {
  BackendConnector,
  KubeletAddress,
  KubeletConnector,
  PassedRequest,
} from "../kubelet_connector.ts";
import { taggedPipe } from "./tagged_pipe.ts";

/**
 * Speaks to kubelets: through the tunnel that a node's agent has opened, in plain HTTP since the tunnel is TLS already;
 * else directly by HTTPS with the kubelet client certificate that `direct` holds.
 */
export function tunnelKubelets(hub: TunnelHub, direct: Deno.HttpClient): KubeletConnector {
  const route = async (kubelet: KubeletAddress) =>
    hub.has(kubelet.node)
      ? {
        client: await hub.client({ node: kubelet.node, host: KUBELET_HOST, port: kubelet.port }),
        // An address: a name would be looked up, even for a socket.
        origin: "://127.0.0.1",
        secure: false,
      }
      : { client: direct, origin: `://${bracketed(kubelet.host)}:${kubelet.port}`, secure: true };
  return {
    async fetch(kubelet, path, request) {
      const { client, origin, secure } = await route(kubelet);
      return await fetch(`http${secure ? "s" : ""}${origin}${path}`, passedInit(request, client));
    },
    async websocket(kubelet, path, protocol) {
      const { client, origin, secure } = await route(kubelet);
      const offered = protocol === TUNNEL_PROTOCOL ? TUNNEL_PROTOCOL_ALIAS : protocol;
      const socket = openSocket(`ws${secure ? "s" : ""}${origin}${path}`, client, [offered]);
      // Before the opening is awaited: the first message may come with it.
      const pipe = webSocketPipe(socket);
      await opened(socket);
      return pipe;
    },
  };
}

/** Speaks to pods and Service endpoints through their node's tunnel. HTTPS goes directly, where there is a route. */
export function tunnelBackends(hub: TunnelHub, unverified: Deno.HttpClient): BackendConnector {
  const route = async ({ scheme, ...target }: DialTarget & { scheme: "http" | "https" }) =>
    scheme === "http" ? await hub.client(target) : unverified;
  return {
    async fetch(target, path, request) {
      const url = `${target.scheme}://${bracketed(target.host)}:${target.port}${path}`;
      return await fetch(url, passedInit(request, await route(target)));
    },
    async websocket(target, path, protocols, headers) {
      const scheme = target.scheme === "https" ? "wss" : "ws";
      const url = `${scheme}://${bracketed(target.host)}:${target.port}${path}`;
      const socket = openSocket(url, await route(target), protocols, headers);
      const pipe = taggedPipe(socket);
      await opened(socket);
      return { pipe, protocol: socket.protocol };
    },
  };
}

function passedInit(request: PassedRequest, client: Deno.HttpClient): RequestInit {
  return {
    method: request.method,
    headers: request.headers,
    body: request.method === "GET" || request.method === "HEAD" ? null : request.body,
    redirect: "manual",
    client,
  } as RequestInit;
}

function openSocket(
  url: string,
  client: Deno.HttpClient,
  protocols: readonly string[],
  headers?: Headers,
): WebSocket {
  // Deno's WebSocket takes a client and headers where the web's takes protocols only.
  const options = {
    client,
    protocols: [...protocols],
    ...(headers === undefined ? {} : { headers }),
  };
  return new WebSocket(url, options as unknown as string[]);
}

const bracketed = (host: string): string => host.includes(":") ? `[${host}]` : host;
