import { invariant } from "../base/mod.ts";
import type { KvDatabase, KvKey } from "./kv_database.ts";
import { chunkKeys, decodeRecord, logKey, type Version } from "./kv_record.ts";
import { LeastRecentlyUsed } from "./least_recently_used.ts";

/** Values kept in memory, by revision. */
export const VALUE_CACHE_BYTES_MAXIMUM = 32 * 1024 * 1024;
/** What a cached value costs beside its bytes, roughly. */
const VALUE_OVERHEAD_BYTES = 200;

/** The values of durable versions, from a bounded cache or the database. */
export class KvValues {
  readonly #cache = new LeastRecentlyUsed<number, Uint8Array>(
    VALUE_CACHE_BYTES_MAXIMUM,
    (value) => value.length + VALUE_OVERHEAD_BYTES,
  );

  constructor(readonly database: KvDatabase) {}

  remember(version: Version, value: Uint8Array): void {
    this.#cache.set(version.revision, value);
  }

  forget(version: Version): void {
    this.#cache.delete(version.revision);
  }

  /** The value when it is in memory. */
  peek(version: Version): Uint8Array | undefined {
    return this.#cache.get(version.revision);
  }

  /** The values in the order of `versions` (none a delete); undefined where compaction was faster. */
  async read(versions: readonly Version[]): Promise<(Uint8Array | undefined)[]> {
    const values = versions.map((version) => this.peek(version));
    const keys: KvKey[] = [];
    const readers: (() => void)[] = [];
    let parts: (unknown | undefined)[] = [];
    versions.forEach((version, i) => {
      if (values[i] !== undefined) return;
      const chunks = chunkKeys(version);
      const from = keys.length;
      keys.push(...(chunks.length === 0 ? [logKey(version.revision)] : chunks));
      const to = keys.length;
      readers.push(() => values[i] = this.#assemble(version, parts.slice(from, to)));
    });
    if (keys.length === 0) return values;
    parts = await this.database.read(keys);
    for (const reader of readers) reader();
    return values;
  }

  #assemble(version: Version, parts: readonly unknown[]): Uint8Array | undefined {
    if (parts.includes(undefined)) return undefined;
    let value: Uint8Array | undefined;
    if (chunkKeys(version).length === 0) {
      value = decodeRecord(version.revision, parts[0]).inline;
    } else {
      value = new Uint8Array(version.size);
      let at = 0;
      for (const part of parts as Uint8Array[]) {
        value.set(part, at);
        at += part.length;
      }
    }
    invariant(value?.length === version.size, `the value of revision ${version.revision} is whole`);
    this.remember(version, value);
    return value;
  }
}
