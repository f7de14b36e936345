import type { KvDatabase } from "./kv_database.ts";
import type { KvHistory } from "./kv_history.ts";
import { decodeRecord, KEY_COMPACTED, TABLE_CHUNK, TABLE_LOG, type Version } from "./kv_record.ts";
import type { KvValues } from "./kv_values.ts";

/** Deletes in one commit while sweeping. */
const SWEEP_MUTATIONS_MAXIMUM = 500;

/**
 * Reads the whole log into memory: the index is nothing but the log read once, and the same pass holds the values.
 * Returns what compaction had not yet removed when the last process ended.
 */
export async function loadHistory(
  database: KvDatabase,
  history: KvHistory,
  values: KvValues,
): Promise<Version[]> {
  for await (const { key, value } of database.scan(TABLE_LOG, 0)) {
    const { version, inline } = decodeRecord(key[1] as number, value);
    history.append(version);
    if (inline !== undefined) values.hold(version, inline);
  }
  await sweepChunks(database, history.revision);
  const [compacted] = await database.read([KEY_COMPACTED]);
  return typeof compacted === "number" ? history.compact(compacted) : [];
}

/** Removes chunks that were written before a crash kept their record from being written: they come after the log's end. */
async function sweepChunks(database: KvDatabase, lastRevision: number): Promise<void> {
  let orphans = [];
  for await (const { key } of database.scan(TABLE_CHUNK, lastRevision)) {
    orphans.push({ key });
    if (orphans.length < SWEEP_MUTATIONS_MAXIMUM) continue;
    await database.commit(orphans);
    orphans = [];
  }
  if (orphans.length > 0) await database.commit(orphans);
}
