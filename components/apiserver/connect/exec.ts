import { EXEC_PROTOCOLS } from "../../serving/mod.ts";
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
  return await serveBridge(
    request,
    PROTOCOLS,
    clock,
    () => kubelets.fetch(kubelet, path, { method: "GET", headers: new Headers(), body: null }),
    (protocol) => kubelets.websocket(kubelet, path, protocol),
  );
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
