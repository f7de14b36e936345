import { invariant } from "../base/mod.ts";
import type { KvDatabase } from "./kv_database.ts";
import { chunkKeys, decodeRecord, logKey, TABLE_LOG, type Version } from "./kv_record.ts";
import { LeastRecentlyUsed } from "./least_recently_used.ts";

/** Values kept in memory, by revision. Few are asked for twice: who reads often reads a watch cache. */
export const VALUE_CACHE_BYTES_MAXIMUM = 8 * 1024 * 1024;
/** Values that are held at a start, which reads them all: until the watch caches take them, which need them anyway. */
export const HELD_VALUES_BYTES_MAXIMUM = 512 * 1024 * 1024;
/** What a cached value costs beside its bytes, roughly. */
const VALUE_OVERHEAD_BYTES = 200;
/** Versions worth a scan of the log, and how many revisions may lie between two of them. */
const RUN_VERSIONS_MINIMUM = 64;
const RUN_GAP_MAXIMUM = 4;

/** The values of durable versions, from a bounded cache or the database. */
export class KvValues {
  readonly #cache = new LeastRecentlyUsed<number, Uint8Array>(
    VALUE_CACHE_BYTES_MAXIMUM,
    (value) => value.length + VALUE_OVERHEAD_BYTES,
  );

  /** Those that a start has read, by revision: each until it is asked for, or for all of them to be let go. */
  #held: Map<number, Uint8Array> | undefined = new Map();
  #heldBytes = 0;

  constructor(readonly database: KvDatabase) {}

  /** Holds what was read at the start, so that it is not read twice. */
  hold(version: Version, value: Uint8Array): void {
    this.#heldBytes += value.length + VALUE_OVERHEAD_BYTES;
    if (this.#heldBytes <= HELD_VALUES_BYTES_MAXIMUM) this.#held?.set(version.revision, value);
  }

  /** Lets go what nobody has asked for. */
  letGo(): void {
    this.#held = undefined;
  }

  remember(version: Version, value: Uint8Array): void {
    this.#cache.set(version.revision, value);
  }

  forget(version: Version): void {
    this.#held?.delete(version.revision);
    this.#cache.delete(version.revision);
  }

  /** The value when it is in memory. */
  peek(version: Version): Uint8Array | undefined {
    return this.#cache.get(version.revision) ?? this.#held?.get(version.revision);
  }

  /** The values in the order of `versions` (none a delete); undefined where compaction was faster. */
  async read(versions: readonly Version[]): Promise<(Uint8Array | undefined)[]> {
    const values = versions.map((version) => this.#taken(version) ?? this.peek(version));
    const missing: Version[] = versions.filter((_, i) => values[i] === undefined);
    if (missing.length === 0) return values;
    const { runs, rest } = readingPlan(missing);
    const found = new Map<number, Uint8Array>();
    await Promise.all([this.#readEach(rest, found), ...runs.map((run) => this.#scan(run, found))]);
    return versions.map((version, i) => values[i] ?? found.get(version.revision));
  }

  /** One that a start has read; it is held no more. */
  #taken({ revision }: Version): Uint8Array | undefined {
    const value = this.#held?.get(revision);
    if (value !== undefined) this.#held?.delete(revision);
    return value;
  }

  async #readEach(versions: readonly Version[], found: Map<number, Uint8Array>): Promise<void> {
    const places = versions.map((version) => {
      const chunks = chunkKeys(version);
      return { version, keys: chunks.length === 0 ? [logKey(version.revision)] : chunks };
    });
    const parts = await this.database.read(places.flatMap(({ keys }) => keys));
    let at = 0;
    for (const { version, keys } of places) {
      const own = parts.slice(at, at += keys.length);
      if (!own.includes(undefined)) this.#found(version, assemble(version, own), found);
    }
  }

  async #scan(run: readonly Version[], found: Map<number, Uint8Array>): Promise<void> {
    const wanted = new Map(run.map((version) => [version.revision, version]));
    const first = run[0]?.revision ?? 0;
    const last = run.at(-1)?.revision ?? 0;
    for await (const { key, value } of this.database.scan(TABLE_LOG, first - 1, last)) {
      const version = wanted.get(key[1] as number);
      if (version !== undefined) this.#found(version, assemble(version, [value]), found);
    }
  }

  #found(version: Version, value: Uint8Array, found: Map<number, Uint8Array>): void {
    found.set(version.revision, value);
    this.remember(version, value);
  }
}

/**
 * Which versions to read by scanning the log (runs with few others between them: four times as fast a record) and
 * which one by one. Pure.
 */
export function readingPlan(
  versions: readonly Version[],
): { readonly runs: Version[][]; readonly rest: Version[] } {
  const runs: Version[][] = [];
  const rest = versions.filter((version) => chunkKeys(version).length > 0);
  const inline = versions.filter((version) => chunkKeys(version).length === 0)
    .sort((left, right) => left.revision - right.revision);
  let run: Version[] = [];
  const finish = () => {
    if (run.length >= RUN_VERSIONS_MINIMUM) runs.push(run);
    else rest.push(...run);
    run = [];
  };
  for (const version of inline) {
    const last = run.at(-1);
    if (last !== undefined && version.revision - last.revision > RUN_GAP_MAXIMUM) finish();
    run.push(version);
  }
  finish();
  return { runs, rest };
}

function assemble(version: Version, parts: readonly unknown[]): Uint8Array {
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
  return value;
}
