import { ApiError, badRequest, expired, hasReason } from "../../base/mod.ts";
import {
  type ListQuery,
  notAcceptable,
  parseRevision,
  readListQuery,
  writeBody,
} from "../negotiation/mod.ts";
import type { EntryRange } from "../../storage/mod.ts";
import type { ObjectIndex, StoredObject } from "../registry/resource_store.ts";
import { decodeContinue, encodeContinue } from "./continue_token.ts";
import { awaitRevision } from "./freshness.ts";
import type { ListMetadata } from "./form.ts";
import { presentationOf } from "./presentation.ts";
import type { ReadRequest, ReadServices } from "./read_request.ts";
import { Selection } from "./selection.ts";

/** Entries that one step of a selective page reads from history. */
const HISTORY_STEP_ENTRIES = 500;
const INCONSISTENT_CONTINUE =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
  "deleted between the time the first chunk was returned and now may show up in the list.";

/** Part of a list, or all of it. */
interface Page {
  readonly entries: readonly StoredObject[];
  readonly revision: number;
  /** The key after which more follows, where there is more. */
  readonly next?: string;
  /** How many more there are, where that is known. */
  readonly remaining?: number;
}

/** What a page is read from. */
interface PageSource {
  /** A revision of the past; undefined is what the cache shows now. */
  readonly revision: number | undefined;
  /** Only keys that sort after this one. */
  readonly after: string | undefined;
  /** 0 for no limit. */
  readonly limit: number;
}

/** GET of a collection. Throws what negotiation and the query's checks throw, 410 and 504. */
export async function listObjects(read: ReadRequest, services: ReadServices): Promise<Response> {
  const { info, definition, request } = read;
  const { negotiated, view, form } = presentationOf(read, services.clock);
  if (negotiated.form === "metadata" && !negotiated.metadataList) {
    throw notAcceptable({ table: true, metadata: true });
  }
  const query = readListQuery(read.query, definition, false);
  const selection = new Selection(view, info.namespace, query, info.name);
  const source = await sourceOf(read, query, services);
  if (selection.needsFields) await prepareCurrent(selection, source.after);
  const page = source.revision === undefined
    ? currentPage(selection, source)
    : await pageAt(selection, info.namespace, source.revision, source);
  if (read.resource.converts) await view.prepare(page.entries);
  return writeBody(form.list(page.entries, metadataOf(page, selection)), negotiated, request);
}

/** Decides what is read and waits until it is there. */
async function sourceOf(
  { resource, info }: ReadRequest,
  query: ListQuery,
  { clock }: ReadServices,
): Promise<PageSource> {
  const { limit, resourceVersion, resourceVersionMatch: match } = query;
  if (query.continueToken !== "") {
    if (resourceVersion !== "" && resourceVersion !== "0") {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    const { revision, after } = decodeContinue(query.continueToken);
    if (revision > 0) await awaitRevision(resource, revision, clock);
    else await resource.fresh();
    return {
      revision: revision > 0 && revision !== resource.cache.revision ? revision : undefined,
      after: resource.prefix(info.namespace) + after,
      limit,
    };
  }
  const revision = parseRevision(
    resourceVersion,
    ({ field, message }) => badRequest(`invalid resource version: ${field}: ${message}`),
  );
  if (resourceVersion === "") {
    await resource.fresh();
    return { revision: undefined, after: undefined, limit };
  }
  await awaitRevision(resource, revision, clock);
  // "0" is answered with all there is; so did the first watch caches, and clients count on it.
  if (revision === 0) return { revision: undefined, after: undefined, limit: 0 };
  const exact = match === "Exact" || match === "" && limit > 0;
  return {
    revision: exact && revision !== resource.cache.revision ? revision : undefined,
    after: undefined,
    limit,
  };
}

/** Has everything converted that fields are looked up in; more may come while that is asked for. */
async function prepareCurrent({ view, prefix }: Selection, after?: string): Promise<void> {
  const { cache } = view.resource;
  for (;;) {
    const missing = view.missing(cache.range(prefix, after));
    if (missing.length === 0) return;
    await view.prepare(missing);
  }
}

/** A page of what the cache shows, read in one turn. */
function currentPage(selection: Selection, source: PageSource): Page {
  const { cache } = selection.view.resource;
  const { revision } = cache;
  if (!selection.single && (source.limit > 0 || source.after !== undefined)) {
    return pageOf(cache, revision, selection, source);
  }
  return { entries: [...selection.current()], revision };
}

/** A page as of a revision: of what the cache still knows of it, or else out of the store. */
function pageAt(
  selection: Selection,
  namespace: string,
  revision: number,
  source: PageSource,
): Page | Promise<Page> {
  const { resource } = selection.view;
  const past = resource.converts ? undefined : resource.past(revision);
  return past === undefined
    ? pastPage(selection, namespace, revision, source)
    : pageOf(past, revision, selection, source);
}

/** A page of what is there now. */
function pageOf(
  range: EntryRange<ObjectIndex>,
  revision: number,
  selection: Selection,
  { after, limit }: PageSource,
): Page {
  const entries: StoredObject[] = [];
  let next: string | undefined;
  let remaining = 0;
  for (const entry of range.range(selection.prefix, after)) {
    if (limit > 0 && entries.length === limit) {
      // How many match is not known; that there may be more is.
      remaining = selection.everything ? range.count(selection.prefix, next) : 1;
      break;
    }
    next = entry.key;
    if (selection.everything || selection.matches(entry)) entries.push(entry);
  }
  return { entries, revision, ...(remaining > 0 && next !== undefined ? { next, remaining } : {}) };
}

/** A page as of a revision that the store's history still holds. */
async function pastPage(
  selection: Selection,
  namespace: string,
  revision: number,
  { after, limit }: PageSource,
): Promise<Page> {
  const { resource } = selection.view;
  const entries: StoredObject[] = [];
  let startAfter = after;
  for (;;) {
    const step = limit <= 0
      ? undefined
      : selection.everything
      ? limit
      : Math.max(limit, HISTORY_STEP_ENTRIES);
    const past = await resource.listAt(namespace, {
      revision,
      ...(step === undefined ? {} : { limit: step }),
      ...(startAfter === undefined ? {} : { startAfter }),
    }).catch((error) => {
      throw startAfter === undefined
        ? error
        : withFreshToken(error, resource.prefix(namespace), startAfter);
    });
    if (selection.needsFields) await selection.view.prepare(past.entries);
    for (const [i, entry] of past.entries.entries()) {
      startAfter = entry.key;
      if (!selection.everything && !selection.matches(entry)) continue;
      entries.push(entry);
      const remaining = past.entries.length - i - 1 + past.remaining;
      if (selection.single) return { entries, revision };
      if (entries.length === limit && remaining > 0) {
        return { entries, revision, next: entry.key, remaining };
      }
    }
    if (past.remaining === 0) return { entries, revision };
  }
}

/** Lets a client whose token has expired go on with what is there now. */
function withFreshToken(error: unknown, prefix: string, after: string): unknown {
  if (!hasReason(error, "Expired") || !(error instanceof ApiError)) return error;
  return expired(INCONSISTENT_CONTINUE, {
    continue: encodeContinue({ revision: -1, after: after.slice(prefix.length) }),
  });
}

function metadataOf({ revision, next, remaining }: Page, selection: Selection): ListMetadata {
  const { prefix } = selection;
  return {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : {
      continue: encodeContinue({ revision, after: next.slice(prefix.length) }),
      ...(remaining === undefined || !selection.everything
        ? {}
        : { remainingItemCount: remaining }),
    }),
  };
}
