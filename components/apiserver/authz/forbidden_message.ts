import { ApiError, forbidden } from "../../base/mod.ts";
import type { AuthorizationAttributes } from "../ports.ts";

/** The 403 of a request that no authorizer allowed, in upstream's words. `reason` may be empty. */
export function forbiddenError(request: AuthorizationAttributes, reason: string): ApiError {
  const why = explain(request) + (reason === "" ? "" : `: ${reason}`);
  if (!request.isResourceRequest) return new ApiError(403, "Forbidden", `forbidden: ${why}`, {});
  return forbidden({ group: request.group, resource: request.resource }, request.name, why);
}

function explain(request: AuthorizationAttributes): string {
  const user = JSON.stringify(request.user.username);
  const verb = request.verb;
  if (!request.isResourceRequest) {
    return `User ${user} cannot ${verb} path ${JSON.stringify(request.path)}`;
  }
  const resource = request.subresource === ""
    ? request.resource
    : `${request.resource}/${request.subresource}`;
  const scope = request.namespace === ""
    ? "at the cluster scope"
    : `in the namespace ${JSON.stringify(request.namespace)}`;
  return `User ${user} cannot ${verb} resource ${JSON.stringify(resource)} ` +
    `in API group ${JSON.stringify(request.group)} ${scope}`;
}
