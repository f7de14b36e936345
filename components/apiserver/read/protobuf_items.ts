import type { StoredObject } from "../registry/resource_store.ts";

/** Messages that are kept, with the entries that they are of: of all resources together. */
export const PROTOBUF_ITEMS_MAXIMUM_BYTES = 32 * 1024 * 1024;
/** What one costs beside its bytes, roughly. */
const ITEM_OVERHEAD_BYTES = 300;
/** How many of those asked for last are known to have been. */
const ASKED_ENTRIES_MAXIMUM = 8192;

interface Item {
  /** Which of an entry's forms: its version, that is. */
  readonly form: string;
  readonly message: Uint8Array;
  readonly weight: number;
}

/**
 * The messages that entries were written as, of those that are asked for again and again: a client that lists in
 * protobuf lists the same page over and over, and copying a message costs a tenth of writing it. Those of an entry that
 * was not asked for lately are not kept: a walk over more objects than there is room for would only turn out all that
 * others ask for. An entry never changes, so neither does its message.
 */
export class ProtobufItems {
  readonly #items = new Map<StoredObject, Item>();
  /** Revisions of entries that were asked for, each in the place that it shares with few others. */
  readonly #asked = new Float64Array(ASKED_ENTRIES_MAXIMUM);
  #weight = 0;

  constructor(readonly maximumBytes = PROTOBUF_ITEMS_MAXIMUM_BYTES) {}

  /** What is kept, in bytes. */
  get weight(): number {
    return this.#weight;
  }

  /** The message of an entry in a form, where it is kept. */
  get(entry: StoredObject, form: string): Uint8Array | undefined {
    const known = this.#items.get(entry);
    if (known?.form !== form) return undefined;
    this.#items.delete(entry);
    this.#items.set(entry, known);
    return known.message;
  }

  /** Whether an entry that is asked for has been asked for lately, and so is worth to be kept. */
  wants({ revision }: StoredObject): boolean {
    const place = revision % ASKED_ENTRIES_MAXIMUM;
    if (this.#asked[place] === revision) return true;
    this.#asked[place] = revision;
    return false;
  }

  keep(entry: StoredObject, form: string, message: Uint8Array): void {
    this.#forget(entry);
    // An entry that is replaced by a write lives on as long as its message does.
    const weight = message.length + entry.bytes.length + ITEM_OVERHEAD_BYTES;
    this.#items.set(entry, { form, message, weight });
    this.#weight += weight;
    for (const oldest of this.#items.keys()) {
      if (this.#weight <= this.maximumBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(entry: StoredObject): void {
    this.#weight -= this.#items.get(entry)?.weight ?? 0;
    this.#items.delete(entry);
  }
}
