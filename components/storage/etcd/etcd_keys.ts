import { utf8Order } from "../key_order.ts";
import type { KeyRange } from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const EMPTY = new Uint8Array();

/** Leads from the port's keys to etcd's and back: all of etcd's lie under one prefix, where a part of the port's was. */
export class EtcdKeys {
  /** Everything that this store may hold. */
  readonly everything: KeyRange;

  constructor(
    /** What every key in etcd starts with, such as `/registry`. */
    readonly prefix: string,
    /** What every key of the port starts with, and `prefix` stands for. */
    readonly root: string,
  ) {
    this.everything = rangeOf(`${prefix}/`);
  }

  /** The bytes of a key outside what the port's keys can be. */
  own(name: string): Uint8Array {
    return encoder.encode(`${this.prefix}/${name}`);
  }

  key(key: string): Uint8Array {
    return encoder.encode(this.prefix + key.slice(this.root.length));
  }

  /** The port's key of one in etcd. */
  text(key: Uint8Array): string {
    return this.root + decoder.decode(key).slice(this.prefix.length);
  }

  /** Keys that start with `prefix`, from the one after `after` on. */
  range(prefix: string, after?: string): KeyRange {
    const whole = prefix.length <= this.root.length
      ? this.everything
      : rangeOf(this.prefix + prefix.slice(this.root.length));
    if (after === undefined || utf8Order(after, prefix) < 0) return whole;
    // The first key that may follow it.
    return {
      key: encoder.encode(`${this.prefix}${after.slice(this.root.length)}\0`),
      end: whole.end,
    };
  }
}

/** All keys that start with a text. Pure. */
export function rangeOf(prefix: string): KeyRange {
  const key = encoder.encode(prefix);
  const end = key.slice();
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] as number;
    if (byte === 0xff) continue;
    end[last] = byte + 1;
    return { key, end: end.slice(0, last + 1) };
  }
  return { key, end: Uint8Array.of(0) };
}

export const oneKey = (key: Uint8Array): KeyRange => ({ key, end: EMPTY });
