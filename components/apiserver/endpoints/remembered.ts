/** Makes a value anew only when what it is made of has changed, member by member. */
export class Remembered<Part, Value> {
  #parts: readonly Part[] | undefined;
  #value: { readonly value: Value } | undefined;

  constructor(readonly make: (parts: readonly Part[]) => Value) {}

  of(parts: readonly Part[]): Value {
    const known = this.#parts;
    const same = known !== undefined && known.length === parts.length &&
      known.every((part, i) => part === parts[i]);
    if (!same || this.#value === undefined) {
      this.#parts = [...parts];
      this.#value = { value: this.make(parts) };
    }
    return this.#value.value;
  }
}
