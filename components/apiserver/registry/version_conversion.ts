import type { JsonObject } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import { apiVersionOf, asJson } from "./encoding.ts";
import type { StoredObject } from "./resource_store.ts";

/** Makes objects of one custom resource be of another version. Answers in order; rejects with an `ApiError`. */
export type ConvertObjects = (
  objects: readonly KubeObject[],
  to: ResourceDefinition,
) => Promise<KubeObject[]>;

/** Converted objects that one resource keeps: watchers of one version ask about the same ones. */
const KEPT_MAXIMUM = 1000;

/** Conversion of a custom resource by asking somebody, which takes time and costs something: answers are kept. */
export class VersionConversion {
  readonly #convert: ConvertObjects;
  /** By key, revision and version; the one used least lately first. */
  readonly #kept = new Map<string, KubeObject>();
  /** What is being asked for: many watchers hear of an object in one moment. */
  readonly #asked = new Map<string, Promise<KubeObject>>();

  constructor(convert: ConvertObjects) {
    this.#convert = convert;
  }

  /** One object, which is not changed. What no longer fits the schema of the version goes. */
  async one(object: KubeObject, to: ResourceDefinition): Promise<KubeObject> {
    if (object.apiVersion === apiVersionOf(to)) return object;
    const [converted] = await this.#convert([object], to);
    return fitted(converted ?? object, to);
  }

  /** Entries, given with what they hold. */
  async entries(
    entries: readonly { readonly entry: StoredObject; readonly object: KubeObject }[],
    to: ResourceDefinition,
  ): Promise<Map<StoredObject, KubeObject>> {
    const found = new Map<StoredObject, KubeObject>();
    const waiting: (readonly [StoredObject, Promise<KubeObject>])[] = [];
    const missing: typeof entries[number][] = [];
    for (const each of entries) {
      const { entry, object } = each;
      const name = nameOf(entry, to);
      const known = object.apiVersion === apiVersionOf(to) ? object : this.#kept.get(name);
      const asked = this.#asked.get(name);
      if (known !== undefined) found.set(entry, known);
      else if (asked !== undefined) waiting.push([entry, asked]);
      else missing.push(each);
    }
    if (missing.length > 0) waiting.push(...this.#ask(missing, to));
    for (const [entry, asked] of waiting) found.set(entry, await asked);
    return found;
  }

  #ask(
    missing: readonly { readonly entry: StoredObject; readonly object: KubeObject }[],
    to: ResourceDefinition,
  ): (readonly [StoredObject, Promise<KubeObject>])[] {
    const answer = this.#convert(missing.map(({ object }) => object), to);
    return missing.map(({ entry, object }, i) => {
      const name = nameOf(entry, to);
      const asked = answer.then((converted) => {
        const result = fitted(converted[i] ?? object, to);
        this.#keep(name, result);
        return result;
      }).finally(() => this.#asked.delete(name));
      // Who asked hears of the first that fails.
      asked.catch(() => {});
      this.#asked.set(name, asked);
      return [entry, asked] as const;
    });
  }

  #keep(name: string, object: KubeObject): void {
    this.#kept.set(name, object);
    if (this.#kept.size <= KEPT_MAXIMUM) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}

const nameOf = ({ key, revision }: StoredObject, to: ResourceDefinition): string =>
  `${key}@${revision}/${to.version}`;

function fitted(object: KubeObject, to: ResourceDefinition): KubeObject {
  to.custom?.coerce(asJson(object) as JsonObject);
  return object;
}
