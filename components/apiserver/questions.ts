import type { AuthorizationAttributes, RequestInfo, UserInfo } from "./ports.ts";

/** Of which resource, and of what of it; what is left out is empty: all of it. */
export type AskedResource = Partial<
  Omit<AuthorizationAttributes, "user" | "verb" | "isResourceRequest" | "path">
>;

const NOTHING = {
  group: "",
  version: "",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  path: "",
};

/** The question whether a user may do something with a resource. */
export const resourceQuestion = (
  user: UserInfo,
  verb: string,
  asked: AskedResource,
): AuthorizationAttributes => ({ ...NOTHING, user, verb, isResourceRequest: true, ...asked });

/** The question whether a user may ask for a path that is no resource. */
export const pathQuestion = (
  user: UserInfo,
  verb: string,
  path: string,
): AuthorizationAttributes => ({ ...NOTHING, user, verb, isResourceRequest: false, path });

/** The question whether a user may make that request, or one of another verb. */
export function requestQuestion(
  { isResourceRequest, group, version, resource, subresource, namespace, name, path, verb }:
    RequestInfo,
  user: UserInfo,
  asked: string = verb,
): AuthorizationAttributes {
  return {
    user,
    verb: asked,
    isResourceRequest,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    path,
  };
}
