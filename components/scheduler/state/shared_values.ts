/**
 * One copy of values that many share, such as the labels of a ReplicaSet's pods; a value goes when nobody holds it any
 * more, so there are never more than holders.
 */
export class SharedValues<T> {
  readonly #values = new Map<string, { readonly value: T; holders: number }>();

  get size(): number {
    return this.#values.size;
  }

  /** The value of this key, made where there is none; it is held until it is released as often. */
  hold(key: string, make: () => T): T {
    const known = this.#values.get(key);
    if (known !== undefined) {
      known.holders++;
      return known.value;
    }
    const value = make();
    this.#values.set(key, { value, holders: 1 });
    return value;
  }

  release(key: string): void {
    const known = this.#values.get(key);
    if (known === undefined) return;
    if (--known.holders <= 0) this.#values.delete(key);
  }
}
