import assert from "node:assert/strict";
import { IndexedCache } from "./indexed_cache.ts";

interface Item {
  readonly node: string;
}

Deno.test("IndexedCache moves an item between index values when it changes", () => {
  const cache = new IndexedCache<Item>({ node: (item) => item.node === "" ? [] : [item.node] });
  cache.set("a", { node: "n1" });
  cache.set("b", { node: "n1" });
  assert.equal(cache.byIndex("node", "n1").length, 2);
  cache.set("a", { node: "n2" });
  assert.deepEqual(cache.byIndex("node", "n1"), [{ node: "n1" }]);
  assert.deepEqual(cache.byIndex("node", "n2"), [{ node: "n2" }]);
  cache.delete("a");
  assert.deepEqual(cache.byIndex("node", "n2"), []);
  assert.equal(cache.size, 1);
});

Deno.test("IndexedCache refuses an index that was not declared", () => {
  assert.throws(() => new IndexedCache<Item>().byIndex("node", "x"), /no index/);
});
