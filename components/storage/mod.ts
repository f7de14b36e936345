/** The cluster's state (etcd's role): the `Store` port, its backends, the watch cache. */
export * from "./store.ts";
export * from "./watch_cache_port.ts";
