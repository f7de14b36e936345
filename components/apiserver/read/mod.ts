/** Reads: get, list and watch, in every form, out of the watch caches' stored bytes. */
export { type ContinueToken, decodeContinue, encodeContinue } from "./continue_token.ts";
export { awaitRevision } from "./freshness.ts";
export { getObject } from "./get.ts";
export { listObjects } from "./list.ts";
export { type Presentation, presentationOf, respondEntry } from "./presentation.ts";
export type { ReadRequest, ReadServices, WatchMeter } from "./read_request.ts";
export { Selection } from "./selection.ts";
export { VersionView } from "./version_view.ts";
export { watchObjects } from "./watch.ts";
export { WATCH_WAITING_MAXIMUM_BYTES } from "./watcher.ts";
