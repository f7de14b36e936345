/** Watchers of one prefix: a batch is gathered once for all of them. */
interface Group<W> {
  readonly members: Set<W>;
}

/**
 * Members by the key prefix that they want, so that an event costs by the prefixes that match its key and not by the
 * members there are. A prefix that ends in `/` costs nothing while no key under it changes; others (whole keys, say)
 * cost one lookup a distinct length.
 */
export class PrefixGroups<W> {
  readonly #bySegment = new Map<string, Group<W>>();
  readonly #byLength = new Map<number, Map<string, Group<W>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(prefix: string, member: W): void {
    const groups = this.#groups(prefix);
    let group = groups.get(prefix);
    if (group === undefined) groups.set(prefix, group = { members: new Set() });
    if (group.members.has(member)) return;
    group.members.add(member);
    this.#size++;
  }

  remove(prefix: string, member: W): void {
    const groups = this.#groups(prefix);
    const group = groups.get(prefix);
    if (group?.members.delete(member)) this.#size--;
    if (group?.members.size === 0) groups.delete(prefix);
    if (groups !== this.#bySegment && groups.size === 0) this.#byLength.delete(prefix.length);
  }

  /** Every member, whatever its prefix. */
  *members(): Generator<W> {
    for (const groups of [this.#bySegment, ...this.#byLength.values()]) {
      for (const group of groups.values()) yield* group.members;
    }
  }

  /** Sorts `events` by the members that they go to; each list keeps their order, and is shared by its members. */
  route<E extends { readonly key: string }>(events: readonly E[]): Map<W, readonly E[]> {
    const byGroup = new Map<Group<W>, E[]>();
    const put = (group: Group<W> | undefined, event: E) => {
      if (group === undefined) return;
      const list = byGroup.get(group);
      if (list === undefined) byGroup.set(group, [event]);
      else list.push(event);
    };
    for (const event of events) {
      const key = event.key;
      if (this.#bySegment.size > 0) {
        for (let end = key.indexOf("/"); end >= 0; end = key.indexOf("/", end + 1)) {
          put(this.#bySegment.get(key.slice(0, end + 1)), event);
        }
      }
      for (const [length, groups] of this.#byLength) {
        if (length <= key.length) put(groups.get(key.slice(0, length)), event);
      }
    }
    const routed = new Map<W, readonly E[]>();
    for (const [group, list] of byGroup) {
      for (const member of group.members) routed.set(member, list);
    }
    return routed;
  }

  #groups(prefix: string): Map<string, Group<W>> {
    if (prefix.endsWith("/")) return this.#bySegment;
    let groups = this.#byLength.get(prefix.length);
    if (groups === undefined) this.#byLength.set(prefix.length, groups = new Map());
    return groups;
  }
}
