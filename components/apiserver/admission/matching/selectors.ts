import { notFound } from "../../../base/mod.ts";
import type { LabelMatcher, Namespace } from "../../../api/served.ts";
import type { AdmissionRequest, ObjectReader } from "../../ports.ts";
import { isNamespaceObject, labelsOf } from "./attributes.ts";

/**
 * True where the request's namespace is selected; what is in no namespace always is. A namespace that is being written
 * is judged by the labels that it is to have. Throws 404 where the namespace is missing.
 */
export function namespaceSelected(
  request: AdmissionRequest,
  selector: LabelMatcher,
  reader: ObjectReader,
): boolean {
  if (selector.everything) return true;
  if (isNamespaceObject(request)) {
    const written = request.operation === "CREATE" || request.operation === "UPDATE"
      ? request.object
      : request.oldObject;
    return selector.matches(labelsOf(written) ?? {});
  }
  if (request.namespace === "") return true;
  return selector.matches(labelsOf(namespaceOf(request, reader)) ?? {});
}

/** True where the object is selected as it was or as it is to be. */
export function objectSelected(
  { object, oldObject }: AdmissionRequest,
  selector: LabelMatcher,
): boolean {
  if (selector.everything) return true;
  return [object, oldObject].some((each) =>
    each?.metadata !== undefined && selector.matches(each.metadata.labels ?? {})
  );
}

/** The namespace that a request is in; undefined for what is in none. */
export function namespaceOf(
  { namespace, definition }: AdmissionRequest,
  reader: ObjectReader,
): Namespace | undefined {
  if (namespace === "") return undefined;
  const found = reader.get<Namespace>("", "namespaces", "", namespace);
  if (found !== undefined || definition.plural === "namespaces") return found;
  throw notFound({ group: "", resource: "namespaces" }, namespace);
}
