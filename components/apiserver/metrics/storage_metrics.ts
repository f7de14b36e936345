import type { MetricRegistry } from "../../base/mod.ts";

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
  registry.onCollect(() => {
    for (const gauge of [objects, old, revision]) gauge.clear();
    for (const each of held()) {
      const { group, resource } = each;
      objects.set(each.objects, group, resource);
      old.set(each.objects, group === "" ? resource : `${resource}.${group}`);
      revision.set(each.revision, group, resource);
    }
  });
}
