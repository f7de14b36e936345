import { hasReason } from "../../base/mod.ts";
import { readListQuery } from "../negotiation/mod.ts";
import type { VersionView } from "../read/mod.ts";
import { deleteObject, readDeleteOptions, type StoredObject } from "../registry/mod.ts";
import { deleteContext, readOptionsBody, type StoredRequest } from "./write_handlers.ts";

/** Deletes under way at once: they share the store's commits. */
const DELETES_AT_ONCE = 64;

/** DELETE of a collection: everything that the selectors find, as a list of what was found. */
export async function handleDeleteCollection(
  target: StoredRequest,
  view: VersionView,
): Promise<StoredObject[]> {
  const { resource, definition, info, query } = target;
  const options = readDeleteOptions(await readOptionsBody(target), query);
  const selection = readListQuery(query, definition, false);
  await resource.fresh();
  const found: StoredObject[] = [];
  const labeled = [...resource.cache.range(resource.prefix(info.namespace))]
    .filter(({ index }) => selection.labels.matches(index.labels ?? {}));
  if (resource.converts) await view.prepare(labeled);
  for (const entry of labeled) {
    if (selection.fields.matches(view.fields(entry))) found.push(entry);
  }
  const context = deleteContext(target, options);
  for (let from = 0; from < found.length; from += DELETES_AT_ONCE) {
    await Promise.all(
      found.slice(from, from + DELETES_AT_ONCE).map(async ({ index: { namespace, name } }) => {
        try {
          await deleteObject(target.registry.writes, { ...context, namespace, name }, options);
        } catch (error) {
          // Somebody else was faster: that is what was asked for.
          if (!hasReason(error, "NotFound")) throw error;
        }
      }),
    );
  }
  return found;
}
