import type { ListQuery } from "../negotiation/mod.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import type { VersionView } from "./version_view.ts";

/** Which entries a list or watch is about. */
export class Selection {
  /** True when it takes all entries under `prefix`. */
  readonly everything: boolean;
  /** Where its entries lie: a namespace, everything, or one key. */
  readonly prefix: string;
  /** True when that is one key. */
  readonly single: boolean;
  readonly #labels: ListQuery["labels"] | undefined;
  readonly #fields: ListQuery["fields"] | undefined;

  constructor(
    readonly view: VersionView,
    namespace: string,
    readonly query: Pick<ListQuery, "labels" | "fields">,
    /** The one name that the path allows, or "". */
    readonly name: string,
  ) {
    const { resource, definition } = view;
    const { labels, fields } = query;
    const wanted = name !== "" ? name : fields.exactValue("metadata.name") ?? "";
    this.single = wanted !== "" && !wanted.includes("/") &&
      (!definition.namespaced || namespace !== "");
    this.prefix = this.single ? resource.key(namespace, wanted) : resource.prefix(namespace);
    this.#labels = labels.everything ? undefined : labels;
    this.#fields = fields.everything ? undefined : fields;
    this.everything = this.#labels === undefined && this.#fields === undefined && name === "";
  }

  matches(entry: StoredObject): boolean {
    if (this.single && entry.key !== this.prefix) return false;
    if (this.name !== "" && entry.index.name !== this.name) return false;
    return (this.#labels === undefined || this.#labels.matches(entry.index.labels)) &&
      (this.#fields === undefined || this.#fields.matches(this.view.fields(entry)));
  }

  /** Its entries in the cache, in the order of their keys. */
  *current(): Generator<StoredObject> {
    const { cache } = this.view.resource;
    if (this.single) {
      const entry = cache.get(this.prefix);
      if (entry !== undefined && this.matches(entry)) yield entry;
      return;
    }
    for (const entry of cache.range(this.prefix)) {
      if (this.everything || this.matches(entry)) yield entry;
    }
  }
}
