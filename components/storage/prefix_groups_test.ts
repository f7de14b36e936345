import assert from "node:assert/strict";
import { PrefixGroups } from "./prefix_groups.ts";

const CASES: [prefix: string, keys: string[]][] = [
  ["", ["/a/x/1", "/a/x/12", "/a/y/1", "/b/x/1"]],
  ["/", ["/a/x/1", "/a/x/12", "/a/y/1", "/b/x/1"]],
  ["/a/", ["/a/x/1", "/a/x/12", "/a/y/1"]],
  ["/a/x/", ["/a/x/1", "/a/x/12"]],
  ["/a/x/1", ["/a/x/1", "/a/x/12"]],
  ["/a/x/12", ["/a/x/12"]],
  ["/a", ["/a/x/1", "/a/x/12", "/a/y/1"]],
  ["/a/x/123", []],
  ["/c/", []],
];

Deno.test("PrefixGroups routes to each member what lies under its prefix, in order", () => {
  const groups = new PrefixGroups<string>();
  for (const [prefix] of CASES) {
    groups.add(prefix, `one of ${prefix}`);
    groups.add(prefix, `two of ${prefix}`);
  }
  const events = ["/a/x/1", "/a/x/12", "/a/y/1", "/b/x/1"].map((key) => ({ key }));
  const routed = groups.route(events);
  for (const [prefix, keys] of CASES) {
    const list = routed.get(`one of ${prefix}`);
    assert.deepEqual((list ?? []).map(({ key }) => key), keys, prefix);
    assert.equal(routed.get(`two of ${prefix}`), list, "the list is shared");
  }
  assert.equal(groups.size, CASES.length * 2);
  for (const [prefix] of CASES) {
    groups.remove(prefix, `one of ${prefix}`);
    groups.remove(prefix, `one of ${prefix}`);
  }
  assert.equal(groups.size, CASES.length);
  assert.equal([...groups.members()].length, CASES.length);
  assert.equal(groups.route(events).get("one of "), undefined);
  for (const [prefix] of CASES) groups.remove(prefix, `two of ${prefix}`);
  assert.equal(groups.route(events).size, 0);
});
