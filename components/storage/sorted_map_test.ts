import assert from "node:assert/strict";
import { randomInteger, seededRandom } from "../base/mod.ts";
import { SortedMap } from "./sorted_map.ts";

const encoder = new TextEncoder();

function byBytes(left: string, right: string): number {
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  }
  return a.length - b.length;
}

Deno.test("SortedMap agrees with a sorted copy through random changes", () => {
  const random = seededRandom(1);
  const letters = ["a", "b", "/", "0", "\u00e9", "\uffee", "\u{1f600}"];
  const word = (length: number) =>
    Array.from({ length }, () => letters[randomInteger(random, letters.length)]).join("");
  const map = new SortedMap<string>();
  const model = new Map<string, string>();
  for (let step = 0; step < 12_000; step++) {
    const key = word(1 + randomInteger(random, 6));
    if (random.next() < 0.3) {
      assert.equal(map.delete(key), model.delete(key));
    } else {
      map.set(key, key);
      model.set(key, key);
    }
    if (step % 1000 !== 999) continue;
    assert.equal(map.size, model.size);
    const sorted = [...model.keys()].sort(byBytes);
    assert.deepEqual([...map.range("")], sorted);
    for (let query = 0; query < 30; query++) {
      const prefix = word(randomInteger(random, 3));
      const under = sorted.filter((key) => key.startsWith(prefix));
      assert.equal(map.count(prefix), under.length);
      const within = under[randomInteger(random, under.length)] ?? prefix;
      assert.equal(
        map.count(prefix, within),
        under.filter((key) => byBytes(key, within) > 0).length,
      );
      const start = word(1 + randomInteger(random, 4));
      const after = under.filter((key) => byBytes(key, start) > 0);
      assert.deepEqual([...map.range(prefix, start)], after);
      assert.equal(map.count(prefix, start), after.length);
      assert.equal(map.get(start), model.get(start));
    }
  }
  assert.ok(model.size > 2000, "several leaves were needed");
});

Deno.test("SortedMap goes on with a range while the map changes under it", () => {
  const map = new SortedMap<string>();
  for (let i = 100; i < 1000; i++) map.set(`k${i}`, `k${i}`);
  const seen: string[] = [];
  for (const key of map.range("k")) {
    seen.push(key);
    map.delete(key);
    map.set(`j${key}`, key);
    if (key === "k500") map.set("k500a", "k500a");
  }
  assert.equal(seen.length, 901);
  assert.deepEqual(seen, [...seen].sort());
  assert.equal(map.count("k"), 0);
});
