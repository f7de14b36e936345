import type { KubeObject, ResourceDefinition } from "../../api/mod.ts";
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

  constructor(readonly resource: ResourceStore, readonly definition: ResourceDefinition) {
    const { group, version } = resource.definition;
    this.stored = definition.group === group && definition.version === version;
    this.encoding = this.stored ? resource.encoding : new ObjectEncoding(definition);
  }

  /** The JSON of an entry, with kind and apiVersion first and metadata after them. */
  bytes(entry: StoredObject): Uint8Array {
    return this.stored ? entry.bytes : encoder.encode(JSON.stringify(this.object(entry)));
  }

  /** The object of an entry. Shared: never changed. */
  object(entry: StoredObject): KubeObject {
    if (this.resource.cache.get(entry.key) === entry) {
      return this.resource.decoded(entry, this.definition);
    }
    const object = JSON.parse(decoder.decode(entry.bytes)) as KubeObject;
    return this.stored ? object : convertObject(object, this.resource.definition, this.definition);
  }

  /** The values that field selectors look at. */
  fields(entry: StoredObject): Readonly<Record<string, string>> {
    return this.stored ? entry.index.fields : this.definition.selectableFields(this.object(entry));
  }

  /** The same entry under another revision: what a deletion shows. */
  at(entry: StoredObject, revision: number): StoredObject {
    const { key, index } = entry;
    return {
      key,
      revision,
      index,
      bytes: withRevision(entry.bytes, this.resource.encoding, revision),
    };
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
