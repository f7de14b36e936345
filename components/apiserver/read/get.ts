import { badRequest, notFound } from "../../base/mod.ts";
import { parseRevision } from "../negotiation/mod.ts";
import { awaitRevision } from "./freshness.ts";
import { respondEntry } from "./presentation.ts";
import { type ReadRequest, type ReadServices, resourceOf } from "./read_request.ts";

/** GET of one object. Throws 404, and what negotiation throws. */
export async function getObject(read: ReadRequest, services: ReadServices): Promise<Response> {
  const { resource, info, query } = read;
  const text = query.get("resourceVersion") ?? "";
  const revision = parseRevision(
    text,
    ({ field, message }) => badRequest(`invalid resource version: ${field}: ${message}`),
  );
  if (text === "") await resource.fresh();
  else await awaitRevision(resource, revision, services.clock);
  const entry = resource.cache.get(resource.key(info.namespace, info.name));
  if (entry === undefined) throw notFound(resourceOf(read), info.name);
  return respondEntry(read, entry, services.clock);
}
