import {
  EXEC_PROTOCOLS,
  SPDY_EXEC_PROTOCOLS,
  spdyExecPipe,
  type SpdyExecStream,
} from "../../serving/mod.ts";
import { isTrue } from "../request_info.ts";
import { type ClientProtocol, serveBridge } from "./client_socket.ts";
import type { ConnectContext } from "./connect_context.ts";
import { requireCreate } from "./create_permission.ts";
import { containerOf, findPod, podKubelet } from "./pod_location.ts";

/** Base64 is between a browser and us only. */
const PROTOCOLS: readonly ClientProtocol[] = EXEC_PROTOCOLS.map((offered) => ({
  offered,
  backend: offered.replace("base64.", ""),
  base64: offered.includes("base64"),
}));

/** `pods/exec`: a command's streams, between the client's WebSocket and the kubelet's. */
export function podExec(request: Request, context: ConnectContext): Promise<Response> {
  return stream(request, context, "exec");
}

/** `pods/attach`: the streams of what a container runs already. */
export function podAttach(request: Request, context: ConnectContext): Promise<Response> {
  return stream(request, context, "attach");
}

async function stream(
  request: Request,
  context: ConnectContext,
  what: "exec" | "attach",
): Promise<Response> {
  const { info, query, reader, kubelets, clock } = context;
  await requireCreate(context);
  const pod = await findPod(reader, info.namespace, info.name);
  const container = containerOf(pod, query.get("container") ?? "");
  const kubelet = podKubelet(reader, pod);
  const place = [info.namespace, info.name, container].map(encodeURIComponent).join("/");
  const path = `/${what}/${place}?${streamOptions(query, what)}`;
  return await serveBridge(request, {
    webSocket: PROTOCOLS,
    spdy: {
      protocols: SPDY_EXEC_PROTOCOLS,
      backend: "v5.channel.k8s.io",
      pipe: (raw, protocol) => spdyExecPipe(raw, protocol, openedStreams(query), clock),
    },
    ask: () => kubelets.fetch(kubelet, path, { method: "GET", headers: new Headers(), body: null }),
    open: (protocol) => kubelets.websocket(kubelet, path, protocol),
  }, clock);
}

/** The streams that a client opens over SPDY: those it asks for, whatever the defaults are. Pure. */
function openedStreams(query: URLSearchParams): SpdyExecStream[] {
  const asked = (["stdin", "stdout", "stderr"] as const).filter((name) => isTrue(query.get(name)));
  return isTrue(query.get("tty")) ? asked.filter((name) => name !== "stderr") : asked;
}

/** The kubelet's names for what the client asks for. Both outputs are always wanted, as upstream's defaults say. Pure. */
export function streamOptions(query: URLSearchParams, what: "exec" | "attach"): string {
  const passed = new URLSearchParams();
  const tty = isTrue(query.get("tty"));
  if (isTrue(query.get("stdin"))) passed.set("input", "1");
  passed.set("output", "1");
  // A terminal has one output.
  if (tty) passed.set("tty", "1");
  else passed.set("error", "1");
  if (what === "exec") {
    for (const word of query.getAll("command")) {
      passed.append("command", word);
    }
  }
  return passed.toString();
}
