import { internalError } from "../../base/mod.ts";
import {
  type Entry,
  KeyExistsError,
  RevisionMismatchError,
  type Store,
} from "../../storage/mod.ts";
import { storeError } from "../registry/write_context.ts";
import { PortBitmap } from "./port_bitmap.ts";
import type { PortRange } from "./port_range.ts";

/** Where kube-apiservers keep which node ports are taken. */
const KEY = "/registry/ranges/servicenodeports";
/** Others write the same key: each time one of those that contend gets through. */
const ATTEMPTS_MAXIMUM = 100;

interface Wish {
  readonly port: number;
  readonly take: boolean;
  resolve(granted: boolean): void;
  reject(reason: unknown): void;
}

/**
 * Which node ports are taken, agreed on by all servers that share a store: one bit a port in one key, changed with its
 * revision as the guard. What is wished for while a write is in flight goes into the next, together.
 */
export class PortClaims {
  readonly #store: Store;
  readonly #range: PortRange;
  #waiting: Wish[] = [];
  #running = false;
  #known: Entry | undefined;

  constructor(store: Store, range: PortRange) {
    this.#store = store;
    this.#range = range;
  }

  /** False when somebody has the port. Rejects with what the store's failure is answered with: then nobody knows. */
  claim(port: number): Promise<boolean> {
    return this.#wish(port, true);
  }

  release(port: number): Promise<boolean> {
    return this.#wish(port, false);
  }

  /** The ports that are taken now. */
  async taken(): Promise<number[]> {
    this.#known = await this.#store.get(KEY);
    return PortBitmap.decode(this.#range, this.#known?.value).ports();
  }

  #wish(port: number, take: boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ port, take, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const wishes = this.#waiting;
      this.#waiting = [];
      try {
        const granted = await this.#grant(wishes);
        wishes.forEach((wish, i) => wish.resolve(granted[i] ?? false));
      } catch (error) {
        this.#known = undefined;
        for (const wish of wishes) wish.reject(storeError(error));
      }
    }
    this.#running = false;
  }

  async #grant(wishes: readonly Wish[]): Promise<boolean[]> {
    let entry = this.#known;
    let fresh = entry === undefined;
    if (fresh) entry = await this.#store.get(KEY);
    for (let attempt = 0; attempt < ATTEMPTS_MAXIMUM; attempt++) {
      const bitmap = PortBitmap.decode(this.#range, entry?.value);
      const granted = wishes.map(({ port, take }) => bitmap.set(port, take));
      if (!bitmap.changed) {
        this.#known = entry;
        if (fresh) return granted;
        // Nothing is written that would tell whether what is known is old.
        fresh = true;
        entry = await this.#store.get(KEY);
        continue;
      }
      try {
        this.#known = await this.#write(bitmap, entry);
        return granted;
      } catch (error) {
        if (error instanceof RevisionMismatchError) entry = error.current;
        else if (error instanceof KeyExistsError) entry = await this.#store.get(KEY);
        else throw error;
        fresh = true;
      }
    }
    throw internalError("too many servers change the node ports at the same time");
  }

  async #write(bitmap: PortBitmap, entry: Entry | undefined): Promise<Entry> {
    const value = bitmap.encode();
    const revision = await this.#store.write(
      entry === undefined
        ? { op: "create", key: KEY, value }
        : { op: "update", key: KEY, value, revision: entry.revision },
    );
    return { key: KEY, value, revision };
  }
}
