import { invariant } from "../base/mod.ts";
import { utf8Order } from "./key_order.ts";
import type { Version } from "./kv_record.ts";
import { SortedMap } from "./sorted_map.ts";

/**
 * What is durable, without the values, in memory: the latest version of every key in key order, and the log of all
 * versions after `compactedRevision`. A version leads to the one before it as long as history keeps that one.
 */
export class KvHistory {
  /** Keys of deleted objects stay, with their delete, until that is compacted. */
  readonly #latest = new SortedMap<Version>();
  /** Those of them. */
  readonly #deleted = new SortedMap<true>();
  #log: Version[] = [];
  /** How many at the front of `#log` are compacted already. */
  #head = 0;
  #bytes = 0;
  #revision = 0;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  /** Versions that the log holds. */
  get length(): number {
    return this.#log.length - this.#head;
  }

  /** The sum of the values' bytes in the log. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The latest version of a key that exists. */
  current(key: string): Version | undefined {
    const version = this.#latest.get(key);
    return version?.deleted ? undefined : version;
  }

  append(version: Version): void {
    invariant(version.revision > this.#revision, "revisions rise");
    version.previous = this.#latest.get(version.key);
    this.#latest.set(version.key, version);
    if (version.deleted) this.#deleted.set(version.key, true);
    else if (version.previous?.deleted === true) this.#deleted.delete(version.key);
    this.#log.push(version);
    this.#bytes += version.size;
    this.#revision = version.revision;
  }

  /** The versions under `prefix` that existed at `revision`, in key order. */
  *range(prefix: string, startAfter: string | undefined, revision: number): Generator<Version> {
    for (const latest of this.#latest.range(prefix, startAfter)) {
      let version: Version | undefined = latest;
      while (version !== undefined && version.revision > revision) version = version.previous;
      if (version !== undefined && !version.deleted) yield version;
    }
  }

  /**
   * How many `range` gives: linear in the writes since that revision, or in the keys where those are fewer, and then
   * not in the other.
   */
  count(prefix: string, startAfter: string | undefined, revision: number): number {
    const from = this.#after(revision);
    const keys = this.#latest.count(prefix, startAfter);
    if (this.#log.length - from >= keys) {
      let count = 0;
      for (const _ of this.range(prefix, startAfter, revision)) count++;
      return count;
    }
    let count = keys - this.#deleted.count(prefix, startAfter);
    for (let at = from; at < this.#log.length; at++) {
      const { key, previous } = this.#log[at] as Version;
      // The first write of a key since then tells what it was before.
      const isFirst = previous === undefined || previous.revision <= revision;
      const inRange = key.startsWith(prefix) &&
        (startAfter === undefined || utf8Order(key, startAfter) > 0);
      if (!isFirst || !inRange) continue;
      if (previous !== undefined && !previous.deleted) count++;
      if (this.current(key) !== undefined) count--;
    }
    return count;
  }

  /** At most `limit` versions after revision `after`, oldest first. */
  since(after: number, limit: number): Version[] {
    const from = this.#after(after);
    return this.#log.slice(from, from + limit);
  }

  /** The revision that leaves `count` versions in the log when it is compacted. */
  revisionLeaving(count: number): number {
    return this.#log[this.#log.length - count - 1]?.revision ?? this.#compacted;
  }

  /** Forgets history up to `revision` and returns the versions that nothing needs any more. */
  compact(revision: number): Version[] {
    const garbage: Version[] = [];
    if (revision <= this.#compacted) return garbage;
    this.#compacted = revision;
    // Only where the log was emptied by compaction is the compacted revision the last one known.
    this.#revision = Math.max(this.#revision, revision);
    const end = this.#after(revision);
    for (let at = this.#head; at < end; at++) {
      const version = this.#log[at] as Version;
      this.#bytes -= version.size;
      // A delete went with its own turn, below.
      if (version.previous !== undefined && !version.previous.deleted) {
        garbage.push(version.previous);
      }
      version.previous = undefined;
      if (version.deleted) {
        garbage.push(version);
        if (this.#latest.get(version.key) === version) {
          this.#latest.delete(version.key);
          this.#deleted.delete(version.key);
        }
      }
    }
    this.#head = end;
    if (this.#head > this.#log.length / 2) {
      this.#log = this.#log.slice(this.#head);
      this.#head = 0;
    }
    return garbage;
  }

  /** The position of the first version after `revision`. */
  #after(revision: number): number {
    let low = this.#head;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#log[middle] as Version).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
