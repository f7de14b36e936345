import { isJsonObject, type JsonValue } from "../../base/mod.ts";

/** What an item of a merged list is known by: its merge key's value, or itself where it is a primitive. */
export function identityOf(item: JsonValue, mergeKey: string | undefined): string {
  const value = mergeKey === undefined ? item : isJsonObject(item) ? item[mergeKey] ?? null : null;
  return `${typeof value}:${String(value)}`;
}

/**
 * Orders a merged list: items named by `order` stand in its order, the others keep that of the list before, and both
 * interleave as they did before as far as that goes.
 */
export function orderElements(
  merged: readonly JsonValue[],
  order: readonly JsonValue[],
  before: readonly JsonValue[],
  mergeKey: string | undefined,
): JsonValue[] {
  const ranks = (items: readonly JsonValue[]) => {
    const found = new Map<string, number>();
    for (const [i, item] of items.entries()) {
      const identity = identityOf(item, mergeKey);
      if (!found.has(identity)) found.set(identity, i);
    }
    return found;
  };
  const wanted = ranks(order);
  const live = ranks(before);
  const rank = (among: Map<string, number>, item: JsonValue) =>
    among.get(identityOf(item, mergeKey));
  const byRank = (among: Map<string, number>) => (a: JsonValue, b: JsonValue) =>
    (rank(among, a) ?? Infinity) - (rank(among, b) ?? Infinity) || 0;
  const named = merged.filter((item) => rank(wanted, item) !== undefined).sort(byRank(wanted));
  const others = merged.filter((item) => rank(wanted, item) === undefined).sort(byRank(live));
  const result: JsonValue[] = [];
  let at = 0;
  for (const other of others) {
    const place = rank(live, other);
    // Named items go first unless both stood in the list before and this one stood in front.
    while (at < named.length) {
      const next = rank(live, named[at] as JsonValue);
      if (place !== undefined && next !== undefined && place < next) break;
      result.push(named[at++] as JsonValue);
    }
    result.push(other);
  }
  return [...result, ...named.slice(at)];
}
