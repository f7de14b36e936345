import { badRequest } from "../../base/mod.ts";
import { TUNNEL_PROTOCOL } from "../../serving/mod.ts";
import { type ClientProtocol, serveBridge } from "./client_socket.ts";
import type { ConnectContext } from "./connect_context.ts";
import { requireCreate } from "./create_permission.ts";
import { findPod, podKubelet } from "./pod_location.ts";

const PORTS_MAXIMUM = 64;

const PROTOCOLS: readonly ClientProtocol[] = [
  { offered: TUNNEL_PROTOCOL, backend: TUNNEL_PROTOCOL, base64: false },
  { offered: "v4.channel.k8s.io", backend: "v4.channel.k8s.io", base64: false },
  { offered: "v4.base64.channel.k8s.io", backend: "v4.channel.k8s.io", base64: true },
];

/** `pods/portforward`: connections to a pod's ports, between the client's WebSocket and the kubelet's. */
export async function podPortForward(request: Request, context: ConnectContext): Promise<Response> {
  const { info, query, reader, kubelets, clock } = context;
  await requireCreate(context);
  const ports = forwardedPorts(query);
  const pod = await findPod(reader, info.namespace, info.name);
  const kubelet = podKubelet(reader, pod);
  const place = [info.namespace, info.name].map(encodeURIComponent).join("/");
  const path = `/portForward/${place}${
    ports.length === 0 ? "" : `?ports=${ports.join("&ports=")}`
  }`;
  return await serveBridge(request, {
    webSocket: PROTOCOLS,
    spdy: {
      // The same bytes travel in the messages of the tunnel.
      protocols: ["portforward.k8s.io"],
      backend: TUNNEL_PROTOCOL,
      pipe: (raw) => raw,
    },
    ask: () => kubelets.fetch(kubelet, path, { method: "GET", headers: new Headers(), body: null }),
    open: (protocol) => kubelets.websocket(kubelet, path, protocol),
  }, clock);
}

/** The ports of a query, where a list may also be given with commas. Pure. */
export function forwardedPorts(query: URLSearchParams): number[] {
  const ports: number[] = [];
  for (const text of query.getAll("ports").flatMap((each) => each.split(","))) {
    const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65535) {
      throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`);
    }
    ports.push(port);
  }
  if (ports.length > PORTS_MAXIMUM) throw badRequest(`at most ${PORTS_MAXIMUM} ports`);
  return ports;
}
