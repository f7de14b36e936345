import assert from "node:assert/strict";
import type { PolicyRule } from "../../api/served.ts";
import { countGrants, describeRule, missingRules } from "./covers.ts";

const rule = (verbs: string, groups: string, resources: string, names = ""): PolicyRule => ({
  verbs: verbs.split(","),
  apiGroups: groups.split(",").map((group) => group === "core" ? "" : group),
  resources: resources.split(","),
  ...(names === "" ? {} : { resourceNames: names.split(",") }),
});
const url = (verbs: string, urls: string): PolicyRule => ({
  verbs: verbs.split(","),
  nonResourceURLs: urls.split(","),
});

Deno.test("missingRules lists what is not held", async (t) => {
  const cases: { held: PolicyRule[]; wanted: PolicyRule[]; missing: string[] }[] = [
    {
      held: [],
      wanted: [rule("get,list", "core", "pods")],
      missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'],
    },
    { held: [rule("*", "*", "*")], wanted: [rule("get", "apps", "pods/log", "x")], missing: [] },
    {
      held: [rule("get", "core", "pods"), rule("list", "core", "pods")],
      wanted: [rule("get,list,watch", "core", "pods")],
      missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}'],
    },
    {
      held: [rule("get", "core", "pods", "x")],
      wanted: [rule("get", "core", "pods")],
      missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
    },
    {
      held: [rule("get", "core", "pods", "x")],
      wanted: [rule("get", "core", "pods", "x,y")],
      missing: ['{APIGroups:[""], Resources:["pods"], ResourceNames:["y"], Verbs:["get"]}'],
    },
    { held: [rule("get", "*", "*/scale")], wanted: [rule("get", "apps", "x/scale")], missing: [] },
    {
      held: [rule("get", "core", "pods")],
      wanted: [rule("*", "core", "pods")],
      missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'],
    },
    {
      held: [url("get", "/a/*")],
      wanted: [url("get", "/a/b,/a/c/*,/b")],
      missing: ['{NonResourceURLs:["/b"], Verbs:["get"]}'],
    },
    {
      held: [rule("*", "*", "*")],
      wanted: [url("get", "/a")],
      missing: ['{NonResourceURLs:["/a"], Verbs:["get"]}'],
    },
  ];
  for (const { held, wanted, missing } of cases) {
    await t.step(JSON.stringify(wanted), () => {
      assert.deepEqual(missingRules(held, wanted).map(describeRule), missing);
    });
  }
});

Deno.test("countGrants multiplies what breaking down would make", () => {
  assert.equal(countGrants([rule("a,b", "c,d", "e,f,g", "h,i"), url("a", "b,c")]), 26);
});
