import assert from "node:assert/strict";
import { type KubeObject, REPLICA_SETS } from "../api/mod.ts";
import type { Change } from "../reconcile/mod.ts";
import { concernedKeys, controllerKey } from "./owner_keys.ts";
import { controllerReference } from "./ownership.ts";
import { selectorOf } from "./selectors.ts";

const set = (name: string, labels: Record<string, string>) => ({
  metadata: { name, namespace: "shop", uid: name },
  spec: { selector: { matchLabels: labels } },
});
const SETS = [set("web", { app: "web" }), set("any", {}), set("db", { app: "db" })];

const pod = (labels: Record<string, string>, owner?: string, kind = "ReplicaSet"): KubeObject => ({
  metadata: {
    name: "pod",
    namespace: "shop",
    labels,
    ...(owner === undefined ? {} : {
      ownerReferences: [{ ...controllerReference(set(owner, {}), REPLICA_SETS), kind }],
    }),
  },
});

Deno.test("concernedKeys() names who controls, who controlled and who may adopt", () => {
  const owners = {
    kind: "ReplicaSet",
    informer: {
      byIndex: (_: string, namespace: string) => namespace === "shop" ? SETS : [],
    } as never,
    selectorOf,
  };
  const cases: [Omit<Change<KubeObject>, "key">, string[]][] = [
    [{ current: pod({ app: "web" }, "web") }, ["shop/web"]],
    [{ previous: pod({ app: "web" }, "web") }, ["shop/web"]],
    [
      { previous: pod({ app: "web" }, "web"), current: pod({ app: "web" }, "db") },
      ["shop/web", "shop/db"],
    ],
    [
      { previous: pod({ app: "web" }, "db"), current: pod({ app: "web" }) },
      ["shop/db", "shop/web", "shop/any"],
    ],
    [{ current: pod({ app: "db" }) }, ["shop/any", "shop/db"]],
    // Somebody of another kind has it.
    [{ current: pod({ app: "web" }, "web", "Job") }, []],
    [{ previous: pod({ app: "web" }) }, []],
  ];
  for (const [change, expected] of cases) {
    assert.deepEqual([...concernedKeys({ key: "shop/pod", ...change }, owners)], expected);
  }
});

Deno.test("controllerKey() looks at the controller of that kind only", () => {
  assert.equal(controllerKey(pod({}, "web"), "ReplicaSet"), "shop/web");
  assert.equal(controllerKey(pod({}, "web"), "Job"), undefined);
  assert.equal(controllerKey(pod({}), "ReplicaSet"), undefined);
});
