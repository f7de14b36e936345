import { internalError } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import { convertObject } from "../registry/conversion.ts";
import { ObjectEncoding } from "../registry/encoding.ts";
import type { ResourceStore, StoredObject } from "../registry/resource_store.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const REVISION_MEMBER = encoder.encode('"resourceVersion":"');

/** A resource's entries as one version of it shows them; also entries that are not, or no longer, in its cache. */
export class VersionView {
  readonly encoding: ObjectEncoding;
  /** True where the stored version is the one that is shown. */
  readonly stored: boolean;
  /** Entries as somebody else made them be of this version. */
  readonly #converted = new WeakMap<StoredObject, KubeObject>();

  constructor(readonly resource: ResourceStore, readonly definition: ResourceDefinition) {
    const { group, version } = resource.definition;
    this.stored = definition.group === group && definition.version === version;
    this.encoding = this.stored ? resource.encoding : new ObjectEncoding(definition);
  }

  /** Asks for those of the entries that somebody else must make be of this version, before they are shown. */
  async prepare(entries: Iterable<StoredObject>): Promise<void> {
    const missing = this.missing(entries);
    if (missing.length === 0) return;
    const converted = await this.resource.converted(missing, this.definition);
    for (const [entry, object] of converted) this.#converted.set(entry, object);
  }

  /** Those of the entries that `prepare` would ask for. */
  missing(entries: Iterable<StoredObject>): StoredObject[] {
    if (!this.resource.converts) return [];
    const missing: StoredObject[] = [];
    for (const entry of entries) {
      if (!this.#converted.has(entry) && !this.resource.isOf(entry, this.definition)) {
        missing.push(entry);
      }
    }
    return missing;
  }

  /** Shows an entry as this object, which is of this version. */
  adopt(entry: StoredObject, object: KubeObject): void {
    this.#converted.set(entry, object);
  }

  /** What stands for an entry that somebody else converted; undefined where its own bytes do. */
  #conversionOf(entry: StoredObject): KubeObject | undefined {
    const known = this.#converted.get(entry);
    if (known !== undefined || this.resource.isOf(entry, this.definition)) return known;
    throw internalError(`${entry.key} has not been converted to ${this.encoding.apiVersion}`);
  }

  /** The JSON of an entry, with kind and apiVersion first and metadata after them. */
  bytes(entry: StoredObject): Uint8Array {
    if (this.resource.converts) {
      const converted = this.#conversionOf(entry);
      if (converted === undefined) return entry.bytes;
      return this.encoding.render(this.encoding.encode(converted), entry.revision);
    }
    return this.stored ? entry.bytes : encoder.encode(JSON.stringify(this.object(entry)));
  }

  /** The object of an entry. Shared: never changed. */
  object(entry: StoredObject): KubeObject {
    if (this.resource.converts) return this.#conversionOf(entry) ?? this.#decoded(entry);
    if (this.resource.cache.get(entry.key) === entry) {
      return this.resource.decoded(entry, this.definition);
    }
    const object = this.#decoded(entry);
    return this.stored ? object : convertObject(object, this.resource.definition, this.definition);
  }

  #decoded(entry: StoredObject): KubeObject {
    return JSON.parse(decoder.decode(entry.bytes)) as KubeObject;
  }

  /** The values that field selectors look at. */
  fields(entry: StoredObject): Readonly<Record<string, string>> {
    return this.stored && !this.resource.converts
      ? entry.index.fields
      : this.definition.selectableFields(this.object(entry));
  }

  /** The same entry under another revision: what a deletion shows. */
  at(entry: StoredObject, revision: number): StoredObject {
    const { key, index } = entry;
    const encoding = this.resource.encodingOf(entry);
    const moved = { key, revision, index, bytes: withRevision(entry.bytes, encoding, revision) };
    const converted = this.#converted.get(entry);
    if (converted !== undefined) {
      const metadata = { ...converted.metadata, resourceVersion: String(revision) };
      this.#converted.set(moved, { ...converted, metadata });
    }
    return moved;
  }
}

/** An object's bytes under another revision. The revision is the first member of what `render` wrote. */
function withRevision(bytes: Uint8Array, encoding: ObjectEncoding, revision: number): Uint8Array {
  const start = encoding.itemOffset + '"metadata":{'.length;
  if (!REVISION_MEMBER.every((byte, i) => bytes[start + i] === byte)) {
    const object = JSON.parse(decoder.decode(bytes)) as KubeObject;
    return encoding.render(encoding.encode(object), revision);
  }
  const digits = start + REVISION_MEMBER.length;
  const end = bytes.indexOf(QUOTE, digits);
  const text = encoder.encode(String(revision));
  const result = new Uint8Array(bytes.length - (end - digits) + text.length);
  result.set(bytes.subarray(0, digits));
  result.set(text, digits);
  result.set(bytes.subarray(end), digits + text.length);
  return result;
}

/** `"metadata":{…}` out of an object's bytes, found by its braces. */
export function metadataBytes(bytes: Uint8Array, encoding: ObjectEncoding): Uint8Array {
  const from = encoding.itemOffset;
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return bytes.subarray(from, at + 1);
  }
  return bytes.subarray(from, bytes.length - 1);
}

/** Where the string ends whose first quote stands at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start;;) {
    at = bytes.indexOf(QUOTE, at + 1);
    if (at < 0) return bytes.length;
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
}
