import { noSuchResource } from "../../base/mod.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import type { ConnectContext } from "./connect_context.ts";
import { podAttach, podExec } from "./exec.ts";
import { podLog } from "./log.ts";
import { podPortForward } from "./port_forward.ts";
import { proxy } from "./proxy.ts";

type Handler = (request: Request, context: ConnectContext) => Promise<Response>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  "pods/log": podLog,
  "pods/exec": podExec,
  "pods/attach": podAttach,
  "pods/portforward": podPortForward,
  "pods/proxy": proxy,
  "services/proxy": proxy,
  "nodes/proxy": proxy,
};

/** What the handlers need beside the request. */
export type ConnectDependencies = Omit<ConnectContext, "info" | "query" | "user">;

/** Answers every subresource that streams. The request is authorized for its own verb already. */
export function connectHandler(
  dependencies: ConnectDependencies,
): (request: Request, info: RequestInfo, user: UserInfo) => Promise<Response> {
  return async (request, info, user) => {
    const handler = info.group === ""
      ? HANDLERS[`${info.resource}/${info.subresource}`]
      : undefined;
    if (handler === undefined) throw noSuchResource();
    const query = new URL(request.url).searchParams;
    return await handler(request, { ...dependencies, info, user, query });
  };
}
