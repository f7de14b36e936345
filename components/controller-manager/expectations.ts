import type { KubeObject } from "../api/mod.ts";
import { objectKey } from "../reconcile/mod.ts";

/** After this the cache is believed whatever it shows: a lost event must not stop an owner for ever. */
const PATIENCE_MILLISECONDS = 300_000;

/** The cache that writes are expected to show up in. */
export interface ObservedCache {
  get(key: string): KubeObject | undefined;
  readonly resourceVersion: string;
}

interface Pending {
  readonly uid: string;
  /** The cache has seen the write when it has seen this revision; 0 for a deletion. */
  readonly revision: number;
}

/**
 * What an owner has written and its cache has not shown yet. Planning on a cache without one's own writes would
 * create the same pods twice. Nothing is counted by events: each check compares with the cache itself.
 */
export class Expectations {
  readonly #owners = new Map<string, { since: number; pending: Map<string, Pending> }>();

  /** The owner has created or updated this. */
  wrote(owner: string, object: KubeObject, now: number): void {
    this.#add(owner, objectKey(object), {
      uid: object.metadata?.uid ?? "",
      revision: Number(object.metadata?.resourceVersion ?? 0),
    }, now);
  }

  /** The owner has deleted this. */
  deleted(owner: string, object: KubeObject, now: number): void {
    this.#add(owner, objectKey(object), { uid: object.metadata?.uid ?? "", revision: 0 }, now);
  }

  /** True when the cache shows all that the owner has done. */
  met(owner: string, cache: ObservedCache, now: number): boolean {
    const entry = this.#owners.get(owner);
    if (entry === undefined) return true;
    for (const [key, pending] of entry.pending) {
      if (isShown(key, pending, cache)) entry.pending.delete(key);
    }
    if (entry.pending.size > 0 && now - entry.since < PATIENCE_MILLISECONDS) return false;
    this.#owners.delete(owner);
    return true;
  }

  forget(owner: string): void {
    this.#owners.delete(owner);
  }

  #add(owner: string, key: string, pending: Pending, now: number): void {
    let entry = this.#owners.get(owner);
    if (entry === undefined) this.#owners.set(owner, entry = { since: now, pending: new Map() });
    entry.since = now;
    entry.pending.set(key, pending);
  }
}

function isShown(key: string, { uid, revision }: Pending, cache: ObservedCache): boolean {
  const seen = cache.get(key);
  if (revision === 0) {
    return seen?.metadata?.uid !== uid || seen.metadata.deletionTimestamp !== undefined;
  }
  return Number(seen?.metadata?.resourceVersion ?? 0) >= revision ||
    Number(cache.resourceVersion) >= revision;
}
