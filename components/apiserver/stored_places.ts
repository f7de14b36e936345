import type { ResourceDefinition } from "../api/served.ts";

/** A resource by its group and plural. */
export interface StoredPlace {
  readonly group: string;
  readonly resource: string;
}

/** How many parts of a key lead to its resource, at most: `/registry/<group>/<resource>/`. */
const PREFIX_PARTS_MAXIMUM = 4;
const NOWHERE: StoredPlace = { group: "", resource: "" };

/** Which resource a key of the store is of. */
export class StoredPlaces {
  readonly #places = new Map<string, StoredPlace>();

  constructor(definitions: readonly ResourceDefinition[]) {
    for (const { storage, group, plural: resource } of definitions) {
      if (storage !== undefined && !this.#places.has(storage.prefix)) {
        this.#places.set(storage.prefix, { group, resource });
      }
    }
  }

  /** Of a key or a prefix; both are empty for what is no object's. */
  of(key: string): StoredPlace {
    let end = key.indexOf("/", 1);
    for (let parts = 2; parts <= PREFIX_PARTS_MAXIMUM; parts++) {
      end = key.indexOf("/", end + 1);
      if (end < 0) break;
      const place = this.#places.get(key.slice(0, end + 1));
      if (place !== undefined) return place;
    }
    // Custom resources lie below their group, which has a dot.
    const [, , group = "", resource = ""] = key.split("/", 4);
    return group.includes(".") && resource !== "" ? { group, resource } : NOWHERE;
  }

  /** `secrets`, `deployments.apps`; empty for what is no object's. */
  nameOf(key: string): string {
    const { group, resource } = this.of(key);
    return group === "" ? resource : `${resource}.${group}`;
  }
}
