/** Writes indexes as the API does: `0,2-5`; two in a row stay apart, as in `1,2`. */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...new Set(indexes)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i]!;
    let last = first;
    while (i + 1 < sorted.length && sorted[i + 1] === last + 1) last = sorted[++i]!;
    if (last === first) parts.push(String(first));
    else if (last === first + 1) parts.push(String(first), String(last));
    else parts.push(`${first}-${last}`);
  }
  return parts.join(",");
}

/** Reads what `formatIndexes` writes; indexes from `count` up, and what is no index, are left out. */
export function parseIndexes(text: string | undefined, count: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [from = "", to = from] = part.split("-");
    if (!/^[0-9]{1,9}$/.test(from) || !/^[0-9]{1,9}$/.test(to)) continue;
    for (let i = Number(from); i <= Math.min(Number(to), count - 1); i++) indexes.add(i);
  }
  return indexes;
}
