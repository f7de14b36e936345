import type { KvMutation } from "./kv_database.ts";
import { KEY_COMPACTED, removalMutations, type Version, versionMutations } from "./kv_record.ts";

/** Deno KV takes 800 KiB and 1,000 mutations an atomic operation; keys and a margin are left room. */
export const ATOMIC_BYTES_MAXIMUM = 780_000;
export const ATOMIC_MUTATIONS_MAXIMUM = 990;
/** Deletes of garbage that ride with each write, so that it cannot pile up under load. */
const GARBAGE_PER_WRITE = 4;
/** Deletes of garbage in a commit of its own; a writer that comes meanwhile waits for no more than these. */
const GARBAGE_ALONE_MAXIMUM = 300;
const MUTATION_OVERHEAD_BYTES = 64;

/** A write that was decided and is to become durable. */
export interface DecidedWrite {
  readonly version: Version;
  readonly value: Uint8Array | undefined;
  resolve(revision: number): void;
  reject(error: Error): void;
}

/** What is carried out at once. `writes` are those whose last mutation is in it. */
export interface Atomic {
  readonly mutations: readonly KvMutation[];
  readonly writes: readonly DecidedWrite[];
  readonly garbage: readonly Version[];
}

/** Writes and garbage in order, packed into atomic operations. */
export class KvCommitQueue {
  #writes: DecidedWrite[] = [];
  /** What is left of the first write's mutations, when an atomic took only its first ones. */
  #rest: KvMutation[] | undefined;
  #garbage: Version[] = [];
  #bytes = 0;

  /** Bytes of the values that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get writes(): number {
    return this.#writes.length;
  }

  get garbage(): number {
    return this.#garbage.length;
  }

  push(write: DecidedWrite): void {
    this.#writes.push(write);
    this.#bytes += write.version.size;
  }

  pushGarbage(versions: readonly Version[]): void {
    for (const version of versions) this.#garbage.push(version);
  }

  /** Takes the next atomic operation out of the queue. `compacted` is the revision that its deletes rest on. */
  next(compacted: number): Atomic {
    const mutations: KvMutation[] = [];
    const writes = this.#packWrites(mutations);
    const room = Math.min(
      ATOMIC_MUTATIONS_MAXIMUM - mutations.length,
      mutations.length > 0 ? writes.length * GARBAGE_PER_WRITE : GARBAGE_ALONE_MAXIMUM,
    );
    const garbage = this.#packGarbage(mutations, room);
    if (garbage.length > 0) mutations.push({ key: KEY_COMPACTED, value: compacted });
    return { mutations, writes, garbage };
  }

  /** Empties the queue of writes and returns them. */
  clear(): DecidedWrite[] {
    const writes = this.#writes;
    this.#writes = [];
    this.#rest = undefined;
    this.#bytes = 0;
    return writes;
  }

  #packWrites(mutations: KvMutation[]): DecidedWrite[] {
    let bytes = 0;
    let done = 0;
    for (const write of this.#writes) {
      const wanted = this.#rest ?? versionMutations(write.version, write.value);
      let taken = 0;
      for (const mutation of wanted) {
        const size = sizeOf(mutation);
        if (bytes + size > ATOMIC_BYTES_MAXIMUM) break;
        if (mutations.length >= ATOMIC_MUTATIONS_MAXIMUM) break;
        mutations.push(mutation);
        bytes += size;
        taken++;
      }
      if (taken < wanted.length) {
        this.#rest = wanted.slice(taken);
        break;
      }
      this.#rest = undefined;
      this.#bytes -= write.version.size;
      done++;
    }
    return this.#writes.splice(0, done);
  }

  #packGarbage(mutations: KvMutation[], room: number): Version[] {
    let done = 0;
    for (const version of this.#garbage) {
      const removal = removalMutations(version);
      if (removal.length > room) break;
      room -= removal.length;
      mutations.push(...removal);
      done++;
    }
    return this.#garbage.splice(0, done);
  }
}

function sizeOf(mutation: KvMutation): number {
  const value = mutation.value;
  return MUTATION_OVERHEAD_BYTES + (value instanceof Uint8Array ? value.length : 0);
}
