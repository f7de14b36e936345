import { invalid } from "../../base/mod.ts";
import { isWebSocketUpgrade } from "../../serving/mod.ts";
import { type ListQuery, parseRevision, readListQuery } from "../negotiation/mod.ts";
import { awaitRevision } from "./freshness.ts";
import { presentationOf } from "./presentation.ts";
import type { ReadRequest, ReadServices } from "./read_request.ts";
import { Selection } from "./selection.ts";
import { Watcher, type WatchPlan } from "./watcher.ts";
import { watchSocket } from "./watch_socket.ts";
import { watchResponse } from "./watch_stream.ts";

/** GET with `watch=true`. Throws what negotiation and the query's checks throw; what comes later is an ERROR event. */
export async function watchObjects(read: ReadRequest, services: ReadServices): Promise<Response> {
  const { info, definition, request } = read;
  const presentation = presentationOf(read, services.clock, true);
  const query = readListQuery(read.query, definition, true);
  const selection = new Selection(presentation.view, info.namespace, query, info.name);
  const plan = await planOf(read, query, services);
  const watcher = new Watcher(selection, presentation, plan, services);
  const meter = services.watching?.(info);
  if (meter !== undefined) watcher.meter = meter;
  if (!isWebSocketUpgrade(request)) return watchResponse(watcher, presentation.negotiated);
  try {
    return watchSocket(request, watcher, presentation.negotiated, services.clock);
  } catch (error) {
    // What cannot be upgraded is not counted on as a watch.
    watcher.end();
    throw error;
  }
}

async function planOf(
  { resource, definition }: ReadRequest,
  query: ListQuery,
  services: ReadServices,
): Promise<WatchPlan> {
  const { resourceVersion, sendInitialEvents, allowWatchBookmarks: bookmarks } = query;
  const revision = parseRevision(
    resourceVersion,
    (problem) => invalid({ group: definition.group, kind: definition.plural }, "", [problem]),
  );
  const unset = resourceVersion === "" || revision === 0;
  await resource.cache.ready();
  if (resourceVersion === "") await resource.fresh();
  else if (sendInitialEvents === true) await awaitRevision(resource, revision, services.clock);
  const initial = sendInitialEvents ?? unset;
  return {
    after: initial || unset ? undefined : revision,
    initial,
    initialEnd: sendInitialEvents === true && bookmarks,
    bookmarks,
    timeoutMilliseconds: timeoutSeconds(query, services) * 1000,
  };
}

function timeoutSeconds({ timeoutSeconds = 0 }: ListQuery, services: ReadServices): number {
  const { minimumWatchSeconds, random } = services;
  return timeoutSeconds > 0 ? timeoutSeconds : minimumWatchSeconds * (1 + random.next());
}
