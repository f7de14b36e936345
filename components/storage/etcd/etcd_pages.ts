import type { EtcdClient } from "./etcd_client.ts";
import { CODES, EtcdError } from "./etcd_error.ts";
import type { KeyRange, KeyValue } from "./messages.ts";

/** What one page of a list is meant to weigh. */
export const PAGE_BYTES = 4 * 1024 * 1024;
const FIRST_PAGE_ENTRIES = 500;
const PAGE_ENTRIES_MAXIMUM = 10_000;

export interface PagedRange {
  readonly entries: readonly KeyValue[];
  readonly revision: number;
  /** How many more there are after the last entry. */
  readonly remaining: number;
}

/** Reads a range at one revision (0: now), in pages that keep within the size of a message. */
export async function readRange(
  client: EtcdClient,
  range: KeyRange,
  options: { readonly revision: number; readonly limit: number },
): Promise<PagedRange> {
  const entries: KeyValue[] = [];
  let { revision } = options;
  let { key } = range;
  let size = FIRST_PAGE_ENTRIES;
  let bytes = 0;
  for (;;) {
    const limit = Math.min(size, options.limit - entries.length);
    let page;
    try {
      page = await client.range({ key, end: range.end, revision, limit });
    } catch (error) {
      // Larger than a message may be: so many at once are too many.
      if (!(error instanceof EtcdError) || error.code !== CODES.resourceExhausted || size === 1) {
        throw error;
      }
      size = Math.max(1, Math.floor(size / 4));
      continue;
    }
    if (revision === 0) revision = page.revision;
    for (const entry of page.entries) {
      entries.push(entry);
      bytes += entry.value.length + entry.key.length;
    }
    const last = page.entries.at(-1);
    const remaining = page.count - page.entries.length;
    if (last === undefined || remaining <= 0 || entries.length >= options.limit) {
      return { entries, revision, remaining: Math.max(0, remaining) };
    }
    key = successor(last.key);
    const average = Math.max(1, bytes / entries.length);
    size = Math.min(PAGE_ENTRIES_MAXIMUM, Math.max(1, Math.floor(PAGE_BYTES / average)));
  }
}

/** The first key that may follow another. */
function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
