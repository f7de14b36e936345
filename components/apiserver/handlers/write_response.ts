import type { KubeObject } from "../../api/served.ts";
import { PROTOBUF_TYPE, writeBody, writeObject } from "../negotiation/mod.ts";
import type { Presentation } from "../read/mod.ts";
import { convertObject } from "../registry/conversion.ts";
import type { StoredObject } from "../registry/mod.ts";
import type { StoredRequest } from "./write_handlers.ts";

/** What a write left, to be told: the object and its JSON, both of the requested version. */
export interface Outcome {
  readonly object: KubeObject;
  readonly bytes: Uint8Array;
}

/** Answers a write in the form that was negotiated before it was done. */
export function respondWritten(
  target: StoredRequest,
  { negotiated, form, view }: Presentation,
  { object, bytes }: Outcome,
  status: number,
): Promise<Response> {
  if (negotiated.form !== "object") {
    const entry = entryOf(target, object);
    if (target.resource.converts) view.adopt(entry, object);
    return writeBody(form.one(entry), negotiated, target.request, status);
  }
  return negotiated.mediaType === PROTOBUF_TYPE
    ? writeObject(object, negotiated, target.request, status)
    : writeBody(bytes, negotiated, target.request, status);
}

/** The entry that a table or metadata is cut out of, as if it had been read. */
function entryOf({ resource, definition }: StoredRequest, object: KubeObject): StoredObject {
  const { namespace = "", name = "", resourceVersion } = object.metadata ?? {};
  const stored = convertObject(object, definition, resource.definition);
  const value = resource.encoding.encode(stored);
  // What a dry run made has no revision.
  return resource.entry(resource.key(namespace, name), value, Number(resourceVersion ?? 0));
}
