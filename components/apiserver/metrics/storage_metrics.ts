import type { MetricRegistry } from "../../base/mod.ts";

/** The only one there is: events lie in no etcd of their own. */
const STORAGE_CLUSTER = "etcd-0";

/** What the server holds of one resource. */
export interface HeldResource {
  readonly group: string;
  readonly resource: string;
  readonly objects: number;
  readonly revision: number;
}

/** How much of each resource there is, looked up at each exposition. */
export function registerStorageMetrics(
  registry: MetricRegistry,
  held: () => Iterable<HeldResource>,
  databaseBytes: () => number,
): void {
  const objects = registry.gauge(
    "apiserver_resource_objects",
    "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the " +
      "value will be -1.",
    ["group", "resource"],
  );
  const old = registry.gauge(
    "apiserver_storage_objects",
    "[STABLE] (Deprecated since 1.34.0) Number of stored objects at the time of last check split by kind. In case " +
      "of a fetching error, the value will be -1.",
    ["resource"],
  );
  const revision = registry.gauge(
    "apiserver_watch_cache_resource_version",
    "[ALPHA] Current resource version of watch cache broken by resource type.",
    ["group", "resource"],
  );
  const size = registry.gauge(
    "apiserver_storage_size_bytes",
    "[STABLE] Size of the storage database file physically allocated in bytes.",
    ["storage_cluster_id"],
  );
  registry.onCollect(() => {
    for (const gauge of [objects, old, revision, size]) gauge.clear();
    const bytes = databaseBytes();
    if (bytes > 0) size.set(bytes, STORAGE_CLUSTER);
    for (const each of held()) {
      const { group, resource } = each;
      objects.set(each.objects, group, resource);
      old.set(each.objects, group === "" ? resource : `${resource}.${group}`);
      revision.set(each.revision, group, resource);
    }
  });
}
