/** The cluster's state (etcd's role): the `Store` port, its backends, the watch cache. */
export * from "./store.ts";
export * from "./watch_cache_port.ts";
export { type KvStoreOptions, openKvStore } from "./kv_store.ts";
export { type EtcdStoreOptions, type EtcdTls, openEtcdStore } from "./etcd_open.ts";
export { HISTORY_LIMITS, type HistoryLimits } from "./kv_retention.ts";
export { DECODED_ENTRIES_MAXIMUM, openWatchCache, type WatchCacheOptions } from "./watch_cache.ts";
export { WINDOW_LIMITS, type WindowLimits } from "./watch_window.ts";
