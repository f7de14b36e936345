import { invariant } from "../base/mod.ts";
import type { KvKey, KvMutation } from "./kv_database.ts";

/** The version of everything this file lays out. A newer one in a data directory is refused. */
export const KV_FORMAT = 1;

/** Values over this lie in chunks of this size: a Deno KV value takes 64 KiB, record header and key included. */
export const CHUNK_BYTES = 60_000;
export const KEY_BYTES_MAXIMUM = 4096;

const LOG = "log";
const CHUNK = "chunk";
const PUT = 1;
const PUT_CHUNKED = 2;
const DELETE = 3;
/** kind (1), bytes of the key (2), bytes of the value (4), expiry in milliseconds since the epoch or 0 (8) */
const HEADER_BYTES = 15;

/** One write as history knows it: everything but the value. */
export interface Version {
  readonly key: string;
  readonly revision: number;
  readonly deleted: boolean;
  /** Bytes of the value. */
  readonly size: number;
  /** Milliseconds since the epoch after which the store deletes the key; 0 for never. */
  readonly expiresAt: number;
  /** What the key was before, as long as history keeps it; may be a delete. */
  previous: Version | undefined;
}

export const TABLE_LOG = LOG;
export const TABLE_CHUNK = CHUNK;
/** Holds the compacted revision; written with the first deletes that rest on it. */
export const KEY_COMPACTED: KvKey = ["meta", "compacted"];
/** Written to prove that the database takes writes again after one failed. */
export const KEY_RECOVERED: KvKey = ["meta", "recovered"];

export function logKey(revision: number): KvKey {
  return [LOG, revision];
}

/** The keys of the chunks of a value, in order; none for a value that lies in its record. */
export function chunkKeys(version: Version): KvKey[] {
  const keys: KvKey[] = [];
  if (version.size > CHUNK_BYTES) {
    for (let i = 0; i * CHUNK_BYTES < version.size; i++) keys.push([CHUNK, version.revision, i]);
  }
  return keys;
}

/** What writes a version: its chunks first, then the record that makes it visible. */
export function versionMutations(version: Version, value: Uint8Array | undefined): KvMutation[] {
  const chunks: KvMutation[] = chunkKeys(version).map((key, i) => ({
    key,
    value: (value as Uint8Array).slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  }));
  const inline = chunks.length === 0 ? value : undefined;
  return [...chunks, { key: logKey(version.revision), value: encodeRecord(version, inline) }];
}

/** What removes a version altogether. */
export function removalMutations(version: Version): KvMutation[] {
  return [logKey(version.revision), ...chunkKeys(version)].map((key) => ({ key }));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function encodeRecord(version: Version, inline: Uint8Array | undefined): Uint8Array {
  const key = encoder.encode(version.key);
  invariant(key.length <= KEY_BYTES_MAXIMUM, "the store's keys are bounded");
  const record = new Uint8Array(HEADER_BYTES + key.length + (inline?.length ?? 0));
  const view = new DataView(record.buffer);
  view.setUint8(0, version.deleted ? DELETE : inline === undefined ? PUT_CHUNKED : PUT);
  view.setUint16(1, key.length);
  view.setUint32(3, version.size);
  view.setFloat64(7, version.expiresAt);
  record.set(key, HEADER_BYTES);
  if (inline !== undefined) record.set(inline, HEADER_BYTES + key.length);
  return record;
}

/** A record read back. `inline` is absent for deletes and for values in chunks. */
export function decodeRecord(
  revision: number,
  record: unknown,
): { readonly version: Version; readonly inline: Uint8Array | undefined } {
  invariant(record instanceof Uint8Array, `record ${revision} is not bytes`);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const kind = view.getUint8(0);
  const valueAt = HEADER_BYTES + view.getUint16(1);
  invariant(kind >= PUT && kind <= DELETE, `record ${revision} is of unknown kind ${kind}`);
  return {
    version: {
      key: decoder.decode(record.subarray(HEADER_BYTES, valueAt)),
      revision,
      deleted: kind === DELETE,
      size: view.getUint32(3),
      expiresAt: view.getFloat64(7),
      previous: undefined,
    },
    inline: kind === PUT ? record.subarray(valueAt) : undefined,
  };
}
