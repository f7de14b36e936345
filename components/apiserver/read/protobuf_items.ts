import type { StoredObject } from "../registry/resource_store.ts";

/** Messages that are kept, with the entries that they are of: of all resources together. */
export const PROTOBUF_ITEMS_MAXIMUM_BYTES = 32 * 1024 * 1024;
/** What one costs beside its bytes, roughly. */
const ITEM_OVERHEAD_BYTES = 300;

interface Item {
  /** Which of an entry's forms: its version, that is. */
  readonly form: string;
  readonly message: Uint8Array;
  readonly weight: number;
}

/**
 * The messages that entries were written as, those asked for last: clients that list in protobuf list the same objects
 * over and over, and writing a pod's message costs ten times what joining it with others does. An entry never changes,
 * so neither does its message.
 */
export class ProtobufItems {
  readonly #items = new Map<StoredObject, Item>();
  #weight = 0;

  constructor(readonly maximumBytes = PROTOBUF_ITEMS_MAXIMUM_BYTES) {}

  /** What is kept, in bytes. */
  get weight(): number {
    return this.#weight;
  }

  /** The message of an entry in a form; `write` makes it where it is not known. */
  message(entry: StoredObject, form: string, write: () => Uint8Array): Uint8Array {
    const known = this.#items.get(entry);
    if (known?.form === form) {
      this.#items.delete(entry);
      this.#items.set(entry, known);
      return known.message;
    }
    const message = write();
    this.#forget(entry);
    // An entry that is replaced by a write lives on as long as its message does.
    const weight = message.length + entry.bytes.length + ITEM_OVERHEAD_BYTES;
    this.#items.set(entry, { form, message, weight });
    this.#weight += weight;
    for (const oldest of this.#items.keys()) {
      if (this.#weight <= this.maximumBytes) break;
      this.#forget(oldest);
    }
    return message;
  }

  #forget(entry: StoredObject): void {
    this.#weight -= this.#items.get(entry)?.weight ?? 0;
    this.#items.delete(entry);
  }
}
