import type { Clock, Logger } from "../../base/mod.ts";
import type { CustomDefinitions, ResourceDefinition } from "../../api/served.ts";
import type { Store } from "../../storage/mod.ts";
import { ResourceStore } from "./resource_store.ts";
import { StoredVersions } from "./stored_versions.ts";
import { type ConvertObjects, VersionConversion } from "./version_conversion.ts";

interface CustomStore {
  readonly definitions: CustomDefinitions;
  readonly versions: StoredVersions;
  /** Opened when it is first asked for: a definition that nobody uses keeps nothing. */
  resource: ResourceStore | undefined;
}

/** The stores of custom resources, which come and go with their definitions. */
export class CustomStores {
  readonly #byPrefix = new Map<string, CustomStore>();

  constructor(
    readonly options: { readonly store: Store; readonly clock: Clock; readonly logger: Logger },
  ) {}

  define(definitions: CustomDefinitions, convert: ConvertObjects | undefined): void {
    const { store } = this.options;
    this.#byPrefix.set(prefixOf(definitions.stored), {
      definitions,
      // Another server may go on writing by the rules of before for a while, or not know ours.
      versions: new StoredVersions(
        definitions,
        store.shared ? Number.POSITIVE_INFINITY : store.revision,
        convert === undefined ? undefined : new VersionConversion(convert),
      ),
      resource: undefined,
    });
  }

  /** The versions that were served. */
  undefine(stored: ResourceDefinition): readonly ResourceDefinition[] {
    const prefix = prefixOf(stored);
    const known = this.#byPrefix.get(prefix);
    if (known === undefined) return [];
    this.#byPrefix.delete(prefix);
    known.resource?.retire(() => {
      // What was under way wrote by the rules of before.
      this.#byPrefix.get(prefix)?.versions.distrust(this.options.store.revision);
    });
    return known.definitions.served;
  }

  /** The objects of a version; undefined where it is served no more. */
  resource(definition: ResourceDefinition): ResourceStore | undefined {
    const prefix = prefixOf(definition);
    const known = this.#byPrefix.get(prefix);
    if (known?.definitions.versions.get(definition.version) !== definition) return undefined;
    const { store, clock, logger } = this.options;
    return known.resource ??= new ResourceStore(
      store,
      known.definitions.stored,
      prefix,
      clock,
      logger,
      known.versions,
    );
  }

  close(): void {
    for (const { resource } of this.#byPrefix.values()) resource?.cache.close();
  }
}

const prefixOf = ({ storage }: ResourceDefinition): string => storage?.prefix ?? "";
