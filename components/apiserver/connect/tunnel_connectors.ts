import {
  KUBELET_HOST,
  nodeStream,
  openWebSocket,
  type PausablePipe,
  requestOverSocket,
  secureStream,
  socketPipe,
  type TunnelHub,
} from "../../serving/mod.ts";
import type {
  BackendConnector,
  BackendTarget,
  KubeletAddress,
  KubeletConnector,
  PassedRequest,
} from "../kubelet_connector.ts";

/** What the API server proves itself to kubelets with, and how it knows them: PEM texts. */
export interface KubeletCredentials {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * Speaks to kubelets: through the tunnel that a node's agent has opened, in plain HTTP since the tunnel is TLS already;
 * else directly by HTTPS with the kubelet client certificate, which `direct` holds too.
 */
export function tunnelKubelets(
  hub: TunnelHub,
  direct: Deno.HttpClient,
  credentials: KubeletCredentials,
): KubeletConnector {
  const route = async (kubelet: KubeletAddress) =>
    hub.has(kubelet.node)
      ? {
        client: await hub.client(throughTunnel(kubelet)),
        // An address: a name would be looked up, even for a socket.
        origin: "://127.0.0.1",
        secure: false,
      }
      : { client: direct, origin: `://${bracketed(kubelet.host)}:${kubelet.port}`, secure: true };
  const connect = async ({ node, host, port }: KubeletAddress): Promise<PausablePipe> => {
    if (hub.has(node)) {
      return socketPipe(nodeStream(await hub.connect({ node, host: KUBELET_HOST, port })));
    }
    const plain = nodeStream(await hub.connect({ host, port }));
    return socketPipe(await secureStream(plain, { ...credentials, host }));
  };
  return {
    async fetch(kubelet, path, request) {
      const { client, origin, secure } = await route(kubelet);
      const url = `http${secure ? "s" : ""}${origin}${path}`;
      return await fetch(url, passedInit(request, client)).catch((error) => {
        throw reasonOf(hub.failure(throughTunnel(kubelet), false), error);
      });
    },
    async websocket(kubelet, path, protocol) {
      return await openWebSocket(await connect(kubelet), { host: kubelet.host, path, protocol });
    },
    connect,
  };
}

/** Speaks to pods and Service endpoints through their node's tunnel, taking whatever certificate they have. */
export function tunnelBackends(hub: TunnelHub): BackendConnector {
  return {
    async fetch(target, path, request) {
      // In plain HTTP as far as the hub, which knows who speaks TLS.
      const dialled = dialTarget(target);
      const secure = target.scheme === "https";
      const socket = await hub.socketPath(dialled, secure);
      return await requestOverSocket(socket, { ...request, path }).catch((error) => {
        throw reasonOf(hub.failure(dialled, secure), error);
      });
    },
    async connect(target) {
      const plain = nodeStream(await hub.connect(dialTarget(target)));
      const { host } = target;
      return socketPipe(target.scheme === "https" ? await secureStream(plain, { host }) : plain);
    },
  };
}

/** Behind a socket, a connection that could not be opened looks like one that ended. */
function reasonOf(failure: string | undefined, error: unknown): unknown {
  return failure === undefined ? error : new Error(failure, { cause: error });
}

const throughTunnel = ({ node, port }: KubeletAddress) => ({ node, host: KUBELET_HOST, port });

function dialTarget({ host, port, node }: BackendTarget) {
  return { host, port, ...(node === undefined ? {} : { node }) };
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

const bracketed = (host: string): string => host.includes(":") ? `[${host}]` : host;
