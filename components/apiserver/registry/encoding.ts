import type { JsonObject } from "../../base/mod.ts";
import {
  decodeObject,
  hasMagic,
  type KubeObject,
  type ResourceDefinition,
} from "../../api/served.ts";
import { failureOf } from "../encryption/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * How objects of one kind lie in the store: JSON that begins with kind, apiVersion and metadata, without a
 * resourceVersion. So that can be put in by joining bytes, and a list can leave out kind and apiVersion.
 */
export class ObjectEncoding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly #definition: ResourceDefinition;
  readonly #head: Uint8Array;
  /** Bytes from the start up to `"metadata"`: what an item of a list leaves out, but for its brace. */
  readonly itemOffset: number;

  constructor(definition: ResourceDefinition) {
    this.#definition = definition;
    this.kind = definition.kind;
    this.apiVersion = apiVersionOf(definition);
    const start = `{"kind":${JSON.stringify(this.kind)},"apiVersion":${
      JSON.stringify(this.apiVersion)
    },`;
    this.#head = encoder.encode(`${start}"metadata":{`);
    this.itemOffset = encoder.encode(start).length;
  }

  /** The bytes to store. `metadata` must have at least one member besides its resourceVersion. */
  encode(object: KubeObject): Uint8Array {
    const { apiVersion: _version, kind: _kind, metadata = {}, ...rest } = object;
    const { resourceVersion: _revision, ...kept } = metadata;
    return encoder.encode(
      JSON.stringify({ kind: this.kind, apiVersion: this.apiVersion, metadata: kept, ...rest }),
    );
  }

  /** The bytes that readers get: the stored ones with the revision put in. */
  render(value: Uint8Array, revision: number): Uint8Array {
    const head = this.#head.length;
    if (!startsWith(value, this.#head)) {
      return this.render(this.encode(this.#read(value)), revision);
    }
    const slot = encoder.encode(`"resourceVersion":"${revision}",`);
    const bytes = new Uint8Array(value.length + slot.length);
    bytes.set(value.subarray(0, head));
    bytes.set(slot, head);
    bytes.set(value.subarray(head), head + slot.length);
    return bytes;
  }

  #read(value: Uint8Array): KubeObject {
    const failure = failureOf(value);
    if (failure !== undefined) throw failure;
    if (!hasMagic(value)) return JSON.parse(decoder.decode(value)) as KubeObject;
    return decodeObject(value, PROTOBUF, this.#definition, { fieldValidation: "Ignore" }).object;
  }

  decode(value: Uint8Array, revision: number): KubeObject {
    const object = this.#read(value);
    object.metadata = { ...object.metadata, resourceVersion: String(revision) };
    return object;
  }
}

/** What another kube-apiserver wrote may be protobuf. */
const PROTOBUF = "application/vnd.kubernetes.protobuf";

export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** The same object seen as plain JSON. */
export const asJson = (object: KubeObject): JsonObject => object as unknown as JsonObject;

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length < head.length) return false;
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false;
  return true;
}
