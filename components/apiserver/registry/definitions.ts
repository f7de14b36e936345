import type { ResourceDefinition } from "../../api/served.ts";

/** The resources that are served, by where they are found. Built-in ones, and others that come and go. */
export class Definitions {
  readonly #byPath = new Map<string, ResourceDefinition>();
  readonly #byKind = new Map<string, ResourceDefinition>();
  /** The served versions of each resource, first come first: asked for on every read of admission. */
  readonly #versions = new Map<string, ResourceDefinition[]>();

  constructor(definitions: readonly ResourceDefinition[]) {
    for (const definition of definitions) this.add(definition);
  }

  add(definition: ResourceDefinition): void {
    this.#byPath.set(pathKey(definition.group, definition.version, definition.plural), definition);
    const resource = resourceKey(definition.group, definition.plural);
    const versions = this.#versions.get(resource) ?? [];
    const at = versions.findIndex(({ version }) => version === definition.version);
    versions[at < 0 ? versions.length : at] = definition;
    this.#versions.set(resource, versions);
    const kind = `${definition.group}/${definition.version}/${definition.kind}`;
    // Several resources may have bodies of one kind; the stored one is meant by it.
    if (!this.#byKind.has(kind) || definition.storage !== undefined) {
      this.#byKind.set(kind, definition);
    }
  }

  /** No more served. */
  remove(definition: ResourceDefinition): void {
    const { group, version, plural, kind } = definition;
    const path = pathKey(group, version, plural);
    if (this.#byPath.get(path) === definition) this.#byPath.delete(path);
    const resource = resourceKey(group, plural);
    const left = (this.#versions.get(resource) ?? []).filter((each) => each !== definition);
    if (left.length > 0) this.#versions.set(resource, left);
    else this.#versions.delete(resource);
    const kindKey = `${group}/${version}/${kind}`;
    if (this.#byKind.get(kindKey) === definition) this.#byKind.delete(kindKey);
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(pathKey(group, version, plural));
  }

  /** Whether a request's resource is served. */
  has(
    { group, version, resource }: {
      readonly group: string;
      readonly version: string;
      readonly resource: string;
    },
  ): boolean {
    return this.#byPath.has(pathKey(group, version, resource));
  }

  /** The first served version of a resource. */
  anyVersion(group: string, plural: string): ResourceDefinition | undefined {
    return this.#versions.get(resourceKey(group, plural))?.[0];
  }

  /** True where any resource of a version is served. */
  serves(group: string, version: string): boolean {
    for (const definition of this.#byPath.values()) {
      if (definition.group === group && definition.version === version) return true;
    }
    return false;
  }

  byKind(group: string, version: string, kind: string): ResourceDefinition | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  all(): ResourceDefinition[] {
    return [...this.#byPath.values()];
  }
}

const pathKey = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`;
const resourceKey = (group: string, plural: string) => `${group}/${plural}`;
