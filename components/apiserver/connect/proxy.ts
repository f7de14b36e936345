import { ApiError, badRequest, notImplemented } from "../../base/mod.ts";
import { isWebSocketUpgrade } from "../../serving/mod.ts";
import type { PassedRequest } from "../kubelet_connector.ts";
import { backendError } from "./client_socket.ts";
import type { ConnectContext } from "./connect_context.ts";
import { bridge } from "./message_bridge.ts";
import { findProxyTarget, type ProxyTarget } from "./proxy_target.ts";
import { taggedPipe } from "./tagged_pipe.ts";

/** Headers that belong to one connection, not to the message. */
const CONNECTION_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What the client proved itself with is for this server only. */
const CREDENTIAL_HEADERS = ["authorization", "x-remote-user", "x-remote-group", "x-remote-uid"];
const CREDENTIAL_PREFIXES = ["impersonate-", "x-remote-extra-"];
const BODILESS_STATUSES = new Set([204, 205, 304]);

/** `pods/proxy`, `services/proxy` and `nodes/proxy`, with any method: passes a request on, and its answer back. */
export async function proxy(request: Request, context: ConnectContext): Promise<Response> {
  const { info, reader, random } = context;
  const { prefix, rest } = splitProxyPath(info.path);
  const query = queryOf(request.url);
  if (rest === "" && (request.method === "GET" || request.method === "HEAD")) {
    return new Response(null, { status: 301, headers: { location: `${prefix}/${query}` } });
  }
  const { resource, namespace, name } = info;
  const target = await findProxyTarget(reader, random, resource, namespace, name);
  const path = (rest === "" ? "/" : rest) + query;
  if (request.headers.has("upgrade")) return await upgrade(request, context, target, path);
  const headers = passedHeaders(request.headers);
  const url = new URL(request.url);
  headers.set("x-forwarded-uri", info.path);
  headers.set("x-forwarded-host", request.headers.get("host") ?? url.host);
  headers.set("x-forwarded-proto", url.protocol.slice(0, -1));
  const passed: PassedRequest = {
    method: request.method,
    headers,
    body: request.body,
  };
  let answer: Response;
  try {
    answer = "kubelet" in target
      ? await context.kubelets.fetch(target.kubelet, path, passed)
      : await context.backends.fetch(target.backend, path, passed);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(503, "ServiceUnavailable", `error trying to reach service: ${why}`);
  }
  return passBack(answer, prefix);
}

async function upgrade(
  request: Request,
  { backends, clock }: ConnectContext,
  target: ProxyTarget,
  path: string,
): Promise<Response> {
  if (!isWebSocketUpgrade(request)) throw notImplemented("upgrading a proxied connection to this");
  if ("kubelet" in target) throw notImplemented("upgrading a connection to a kubelet by proxy");
  const protocols = (request.headers.get("sec-websocket-protocol") ?? "").split(",")
    .map((each) => each.trim()).filter((each) => each !== "");
  const headers = passedHeaders(request.headers);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("sec-websocket-")) headers.delete(name);
  }
  const { pipe, protocol } = await backends.websocket(target.backend, path, protocols, headers)
    .catch((error: unknown) => {
      throw backendError(error);
    });
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = Deno.upgradeWebSocket(request, {
      idleTimeout: 0,
      ...(protocol === "" ? {} : { protocol }),
    });
  } catch (error) {
    pipe.close();
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
  const { socket, response } = upgraded;
  const client = taggedPipe(socket);
  socket.addEventListener("open", () => bridge(client, pipe, clock), { once: true });
  socket.addEventListener("close", () => pipe.close(), { once: true });
  return response;
}

function passBack(answer: Response, prefix: string): Response {
  const headers = new Headers();
  const named = connectionNames(answer.headers);
  for (const [name, value] of answer.headers) if (!named.has(name)) headers.append(name, value);
  const location = headers.get("location");
  // A backend knows itself as the root; the client must come through us again.
  if (location?.startsWith("/") === true && !location.startsWith("//")) {
    headers.set("location", prefix + location);
  }
  const body = BODILESS_STATUSES.has(answer.status) ? null : answer.body;
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}

/** A client's headers without those of its connection and its credentials. */
export function passedHeaders(from: Headers): Headers {
  const headers = new Headers();
  const named = connectionNames(from);
  for (const [name, value] of from) {
    if (named.has(name) || CREDENTIAL_HEADERS.includes(name)) continue;
    if (name === "host" || name === "content-length") continue;
    if (CREDENTIAL_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    headers.append(name, value);
  }
  // The HTTP client between would unpack what it knows, and leave the header that says it is packed.
  headers.set("accept-encoding", "identity");
  return headers;
}

function connectionNames(headers: Headers): Set<string> {
  const listed = (headers.get("connection") ?? "").toLowerCase().split(",");
  return new Set([...CONNECTION_HEADERS, ...listed.map((name) => name.trim())]);
}

/** Splits `/api/v1/namespaces/a/pods/b/proxy/x/` behind the name's `proxy`. The path stays as it was sent. Pure. */
export function splitProxyPath(path: string): { prefix: string; rest: string } {
  const segments = path.split("/");
  // "", api, v1, namespaces, a, pods, b, proxy: or without a namespace.
  const at = segments[3] === "namespaces" ? 8 : 6;
  const rest = segments.slice(at);
  return {
    prefix: segments.slice(0, at).join("/"),
    rest: rest.length === 0 ? "" : `/${rest.join("/")}`,
  };
}

function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}
