import { ApiError } from "../../base/mod.ts";
import type { PassedRequest } from "../kubelet_connector.ts";
import { backendError } from "./client_socket.ts";
import type { ConnectContext } from "./connect_context.ts";
import { passBack } from "./proxy_answer.ts";
import { forwardedFor, passedHeaders } from "./proxy_headers.ts";
import { findProxyTarget, type ProxyTarget } from "./proxy_target.ts";
import { proxyUpgrade } from "./proxy_upgrade.ts";

/** `pods/proxy`, `services/proxy` and `nodes/proxy`, with any method: passes a request on, and its answer back. */
export async function proxy(request: Request, context: ConnectContext): Promise<Response> {
  const { address, clock, info, reader, random } = context;
  const forwarded = forwardedFor(request.headers, address);
  const { prefix, rest } = splitProxyPath(info.path);
  const query = queryOf(request.url);
  const { resource, namespace, name } = info;
  const target = await findProxyTarget(reader, random, resource, namespace, name);
  const path = (rest === "" ? "/" : rest) + query;
  if (isUpgrade(request.headers)) {
    return await proxyUpgrade(request, path, clock, async () => {
      try {
        return await ("kubelet" in target
          ? context.kubelets.connect(target.kubelet)
          : context.backends.connect(target.backend));
      } catch (error) {
        throw backendError(error);
      }
    }, forwarded);
  }
  // Links of a root that lacks its slash would lead beside it.
  if (rest === "" && (request.method === "GET" || request.method === "HEAD")) {
    return new Response(null, { status: 301, headers: { location: `${prefix}/${query}` } });
  }
  const headers = passedHeaders(request.headers);
  for (const [name, value] of forwarded) headers.set(name, value);
  headers.set("x-forwarded-uri", info.path);
  const requestHost = request.headers.get("host") ?? new URL(request.url).host;
  // A backend hears whom the client asked, as it would without a proxy.
  headers.set("host", requestHost);
  const answer = await ask(context, target, path, {
    method: request.method,
    headers,
    body: request.body,
  });
  const { host, port } = "kubelet" in target ? target.kubelet : target.backend;
  return passBack(answer, {
    prefix,
    backendHost: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    requestHost,
  });
}

async function ask(
  { backends, kubelets }: ConnectContext,
  target: ProxyTarget,
  path: string,
  passed: PassedRequest,
): Promise<Response> {
  try {
    return "kubelet" in target
      ? await kubelets.fetch(target.kubelet, path, passed)
      : await backends.fetch(target.backend, path, passed);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(503, "ServiceUnavailable", `error trying to reach service: ${why}`);
  }
}

function isUpgrade(headers: Headers): boolean {
  return headers.has("upgrade") &&
    headers.get("connection")?.toLowerCase().includes("upgrade") === true;
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
