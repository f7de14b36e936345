import { type ApiError, forbidden, type StatusCause } from "../../base/mod.ts";
import type { Pod } from "../../api/served.ts";
import type { AdmissionRequest } from "../ports.ts";

/** True for a write of that resource (and of that subresource, the resource itself by default). */
export function isFor(
  { definition, subresource }: AdmissionRequest,
  group: string,
  plural: string,
  of = "",
): boolean {
  return definition.plural === plural && definition.group === group && subresource === of;
}

/** True when a pod is being made. */
export const isPodCreate = (request: AdmissionRequest): boolean =>
  request.operation === "CREATE" && isFor(request, "", "pods");

/** The pod that is being written. */
export const podOf = (request: AdmissionRequest): Pod => request.object as Pod;

/** The 403 with which admission refuses: `pods "x" is forbidden: why`. */
export function rejected(
  request: AdmissionRequest,
  why: string,
  causes?: StatusCause[],
): ApiError {
  const { group, plural } = request.definition;
  return forbidden({ group, resource: plural }, nameOf(request), why, causes);
}

/** An object without a name yet is known by the beginning of it. */
function nameOf({ name, object }: AdmissionRequest): string {
  return name || object?.metadata?.name || object?.metadata?.generateName || "Unknown";
}
