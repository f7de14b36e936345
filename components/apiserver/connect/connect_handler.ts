import { ApiError, noSuchResource } from "../../base/mod.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import type { ConnectContext } from "./connect_context.ts";
import { podAttach, podExec } from "./exec.ts";
import { podLog } from "./log.ts";
import { podPortForward } from "./port_forward.ts";
import { proxy } from "./proxy.ts";

type Handler = (request: Request, context: ConnectContext) => Promise<Response>;

const READ = ["GET", "HEAD"];
/** WebSockets begin with a GET, SPDY with a POST. */
const STREAM = ["GET", "POST"];
const ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const HANDLERS: Readonly<Record<string, readonly [readonly string[], Handler]>> = {
  "pods/log": [READ, podLog],
  "pods/exec": [STREAM, podExec],
  "pods/attach": [STREAM, podAttach],
  "pods/portforward": [STREAM, podPortForward],
  "pods/proxy": [ANY, proxy],
  "services/proxy": [ANY, proxy],
  "nodes/proxy": [ANY, proxy],
};

/** What the handlers need beside the request. */
export type ConnectDependencies = Omit<ConnectContext, "info" | "query" | "user" | "address">;

/** Answers every subresource that streams. The request is authorized for its own verb already. */
export function connectHandler(
  dependencies: ConnectDependencies,
): (
  request: Request,
  info: RequestInfo,
  user: UserInfo,
  query?: URLSearchParams,
  address?: string,
) => Promise<Response> {
  return async (
    request,
    info,
    user,
    query = new URL(request.url).searchParams,
    address = "",
  ) => {
    const handler = info.group === ""
      ? HANDLERS[`${info.resource}/${info.subresource}`]
      : undefined;
    if (handler === undefined) throw noSuchResource();
    const [methods, answer] = handler;
    if (!methods.includes(request.method)) throw methodNotAllowed();
    return await answer(request, { ...dependencies, info, user, query, address });
  };
}

function methodNotAllowed(): ApiError {
  const message = "the server does not allow this method on the requested resource";
  return new ApiError(405, "MethodNotAllowed", message, {});
}
