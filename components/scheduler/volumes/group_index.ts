/** Values by a group that each belongs to, such as volumes by their class. */
export class GroupIndex<V> {
  readonly #groups = new Map<string, Map<string, V>>();
  readonly #groupOf = new Map<string, string>();

  /** Puts a value into its group, out of the one where it was; takes it away where it is undefined. */
  put(key: string, group: string | undefined, value: V | undefined): void {
    const before = this.#groupOf.get(key);
    if (before !== undefined && before !== group) {
      const members = this.#groups.get(before);
      members?.delete(key);
      if (members?.size === 0) this.#groups.delete(before);
      this.#groupOf.delete(key);
    }
    if (group === undefined || value === undefined) return;
    this.#groupOf.set(key, group);
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, new Map([[key, value]]));
    else members.set(key, value);
  }

  of(group: string): Iterable<V> {
    return this.#groups.get(group)?.values() ?? [];
  }
}
