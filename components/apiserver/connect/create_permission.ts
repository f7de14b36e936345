import { forbiddenError } from "../authz/mod.ts";
import type { AuthorizationAttributes } from "../ports.ts";
import type { ConnectContext } from "./connect_context.ts";

/**
 * A WebSocket starts as a GET, whatever it does later: who runs commands in a pod, or reaches into it, needs the right
 * to create there too.
 */
export async function requireCreate({ info, user, authorizer }: ConnectContext): Promise<void> {
  if (info.verb === "create") return;
  const attributes: AuthorizationAttributes = {
    user,
    verb: "create",
    isResourceRequest: true,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
  };
  const decision = await authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}
