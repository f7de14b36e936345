/**
 * The little that the `kv` backend needs of a database, and its adapter for Deno KV. Tests put faults in between.
 */
export interface KvDatabase {
  /** Carries out all mutations or none; resolves when they are durable. */
  commit(mutations: readonly KvMutation[]): Promise<void>;
  /** The values in the order of `keys`, undefined where there is none. */
  read(keys: readonly KvKey[]): Promise<(unknown | undefined)[]>;
  /** Keys whose first part is `table` and whose second is over `after` and not over `until`, in order. */
  scan(table: string, after: number, until?: number): AsyncIterable<KvRow>;
  close(): void;
}

export interface KvRow {
  readonly key: KvKey;
  readonly value: unknown;
}

/** The table's name, then numbers. */
export type KvKey = readonly [string, ...(string | number)[]];

export interface KvMutation {
  readonly key: KvKey;
  /** Absent: the key is deleted. */
  readonly value?: Uint8Array | number;
}

/** Deno KV's own bound for one `getMany`. */
const READ_KEYS_MAXIMUM = 10;
const SCAN_BATCH_ENTRIES = 500;

/** Opens Deno KV at a path, or in memory for `:memory:`. */
export async function openDenoKv(path: string): Promise<KvDatabase> {
  const kv = await Deno.openKv(path);
  return {
    async commit(mutations) {
      const atomic = kv.atomic();
      for (const { key, value } of mutations) {
        if (value === undefined) atomic.delete(key);
        else atomic.set(key, value);
      }
      await atomic.commit();
    },
    async read(keys) {
      const batches: Promise<Deno.KvEntryMaybe<unknown>[]>[] = [];
      for (let at = 0; at < keys.length; at += READ_KEYS_MAXIMUM) {
        batches.push(kv.getMany(keys.slice(at, at + READ_KEYS_MAXIMUM)));
      }
      return (await Promise.all(batches)).flat().map((entry) => entry.value ?? undefined);
    },
    async *scan(table, after, until = Number.MAX_SAFE_INTEGER) {
      // A whole number has no exact successor among keys of several parts, so both ends are half a step further.
      const selector = { start: [table, after + 0.5], end: [table, until + 0.5] };
      for await (const entry of kv.list<unknown>(selector, { batchSize: SCAN_BATCH_ENTRIES })) {
        yield { key: entry.key as unknown as KvKey, value: entry.value };
      }
    },
    close: () => kv.close(),
  };
}
