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
  /** The same for selections that many watchers of one prefix may have. */
  readonly sharedKey: string | undefined;
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
    this.#fields = fields.everything || this.single && fields.requirements.length === 1 &&
        fields.exactValue("metadata.name") === wanted
      ? undefined
      : fields;
    this.everything = !this.single && name === "" &&
      this.#labels === undefined && this.#fields === undefined;
    this.sharedKey = this.single || name !== "" || this.#fields !== undefined
      ? undefined
      : labels.toString();
  }

  /** True where it looks at fields that somebody must have converted before. */
  get needsFields(): boolean {
    return this.#fields !== undefined && this.view.resource.converts;
  }

  /** A field that every entry must have with one value, and that value: a narrow watch is routed by it. */
  get routedField(): { readonly field: string; readonly value: string } | undefined {
    if (this.needsFields) return undefined;
    const found = this.#fields?.requirements.find(({ field, operator, value }) =>
      operator === "=" && value !== "" && !field.startsWith("metadata.")
    );
    return found === undefined ? undefined : { field: found.field, value: found.value };
  }

  matches(entry: StoredObject): boolean {
    return this.mayMatch(entry) &&
      (this.#fields === undefined || this.#fields.matches(this.view.fields(entry)));
  }

  /** True where nothing but fields could say that it does not match. */
  mayMatch(entry: StoredObject): boolean {
    if (this.single && entry.key !== this.prefix) return false;
    if (this.name !== "" && entry.index.name !== this.name) return false;
    return this.#labels === undefined || this.#labels.matches(entry.index.labels);
  }

  /** Its entries in the cache, in the order of their keys. */
  *current(): Generator<StoredObject> {
    for (const entry of this.#range()) {
      if (this.everything || this.matches(entry)) yield entry;
    }
  }

  /** The same as far as it can be said before they are converted. */
  *candidates(): Generator<StoredObject> {
    for (const entry of this.#range()) {
      if (this.mayMatch(entry)) yield entry;
    }
  }

  #range(): Iterable<StoredObject> {
    const { cache } = this.view.resource;
    if (!this.single) return cache.range(this.prefix);
    const entry = cache.get(this.prefix);
    return entry === undefined ? [] : [entry];
  }
}
