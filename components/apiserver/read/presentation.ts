import type { Clock } from "../../base/mod.ts";
import { hasProtobuf } from "../../api/served.ts";
import { negotiate, type Negotiated, readIncludeObject, writeBody } from "../negotiation/mod.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { type Form, formOf } from "./form.ts";
import type { ReadRequest } from "./read_request.ts";
import { VersionView } from "./version_view.ts";

/** What a client asked to hear, and how its objects are written that way. */
export interface Presentation {
  readonly negotiated: Negotiated;
  readonly view: VersionView;
  readonly form: Form;
}

/** Reads what form a request wants. Throws 406. */
export function presentationOf(read: ReadRequest, clock: Clock, stream = false): Presentation {
  const { request, query, resource, definition } = read;
  const negotiated = negotiate(request.headers.get("accept"), {
    table: true,
    metadata: true,
    protobuf: hasProtobuf(definition),
    stream,
  });
  const view = new VersionView(resource, definition);
  const include = negotiated.form === "table" ? readIncludeObject(query) : "None";
  return { negotiated, view, form: formOf(view, negotiated, include, clock) };
}

/** Answers one entry in the form that the request wants: of a read, or of a write that is done. */
export async function respondEntry(
  read: ReadRequest,
  entry: StoredObject,
  clock: Clock,
  status = 200,
): Promise<Response> {
  const { negotiated, form, view } = presentationOf(read, clock);
  if (read.resource.converts) await view.prepare([entry]);
  return writeBody(form.one(entry), negotiated, read.request, status);
}
