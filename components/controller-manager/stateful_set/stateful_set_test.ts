import assert from "node:assert/strict";
import {
  type ControllerRevision,
  type PersistentVolumeClaim,
  type Pod,
  STATEFUL_SETS,
  type StatefulSet,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { planStatefulSet } from "./plan.ts";

type State = "missing" | "up" | "pending" | "going" | "failed" | "old";

function pod(ordinal: number, state: State): Pod {
  const phase = state === "pending" ? "Pending" : state === "failed" ? "Failed" : "Running";
  return {
    metadata: {
      name: `s-${ordinal}`,
      labels: { "controller-revision-hash": state === "old" ? "one" : "two" },
      ...(state === "going" ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    status: {
      phase,
      conditions: [{ type: "Ready", status: phase === "Running" ? "True" : "False" }],
    },
  };
}

Deno.test("planStatefulSet() goes up and down in order, one at a time", () => {
  const cases: [string, number, State[], Partial<StatefulSet["spec"]>, number[], number[]][] = [
    ["first", 3, ["missing", "missing", "missing"], {}, [0], []],
    ["waits for the one before", 3, ["pending", "missing", "missing"], {}, [], []],
    ["next", 3, ["up", "missing", "missing"], {}, [1], []],
    ["fills a hole", 3, ["up", "missing", "up"], {}, [1], []],
    ["waits for one that ends", 3, ["up", "going", "up"], {}, [], []],
    ["replaces a failed one", 3, ["up", "failed", "up"], {}, [], [1]],
    ["down from the end", 1, ["up", "up", "up"], {}, [], [2]],
    ["down waits", 1, ["up", "up", "going"], {}, [], []],
    [
      "at once",
      3,
      ["missing", "pending", "missing"],
      { podManagementPolicy: "Parallel" },
      [0, 2],
      [],
    ],
    ["down at once", 1, ["up", "up", "up"], { podManagementPolicy: "Parallel" }, [], [2, 1]],
    ["updates the last", 3, ["old", "old", "old"], {}, [], [2]],
    ["updates the next", 3, ["old", "old", "up"], {}, [], [1]],
    ["updates nothing while one is sick", 3, ["old", "old", "pending"], {}, [], []],
    [
      "leaves below the partition",
      3,
      ["old", "old", "up"],
      {
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } },
      },
      [],
      [],
    ],
    [
      "leaves it to the user",
      3,
      ["old", "old", "old"],
      { updateStrategy: { type: "OnDelete" } },
      [],
      [],
    ],
  ];
  for (const [name, replicas, states, spec, create, remove] of cases) {
    const plan = planStatefulSet({
      set: { metadata: { name: "s" }, spec: { replicas, ...spec } },
      pods: states.flatMap((state, i) => state === "missing" ? [] : [pod(i, state)]),
      currentRevision: "one",
      updateRevision: "two",
      now: 0,
    });
    assert.deepEqual(plan.create.map(({ ordinal }) => ordinal), create, name);
    assert.deepEqual(
      plan.remove.map(({ metadata }) => Number(metadata?.name?.slice(2))),
      remove,
      name,
    );
  }
});

Deno.test("a StatefulSet makes claims, rolls out, and keeps its history", async () => {
  const simulation = new Simulation(["statefulset"]);
  const { api, client } = simulation;
  await client.create(STATEFUL_SETS, {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "d" },
    spec: {
      replicas: 2,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: {
        metadata: { labels: { app: "db" } },
        spec: { containers: [{ name: "c", image: "a" }] },
      },
      volumeClaimTemplates: [{
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"] },
      }],
    },
  });
  await simulation.pass(1000);
  const pods = () =>
    api.list<Pod>("pods").sort((a, b) => a.metadata!.name! < b.metadata!.name! ? -1 : 1);
  assert.deepEqual(pods().map((pod) => pod.metadata?.name), ["db-0", "db-1"]);
  assert.equal(pods()[0]?.spec?.hostname, "db-0");
  assert.equal(pods()[0]?.spec?.subdomain, "db");
  assert.equal(pods()[1]?.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName, "data-db-1");
  assert.deepEqual(
    api.list<PersistentVolumeClaim>("persistentvolumeclaims").map((claim) => claim.metadata?.name),
    ["data-db-0", "data-db-1"],
  );
  const status = () => api.list<StatefulSet>("statefulsets")[0]?.status;
  const first = status()?.currentRevision;
  assert.equal(status()?.readyReplicas, 2);
  api.change<StatefulSet>("statefulsets", "db", (set) => {
    set.spec!.template!.spec!.containers![0]!.image = "b";
    set.metadata!.generation = 2;
  });
  await simulation.pass(1000);
  assert.deepEqual(pods().map((pod) => pod.spec?.containers?.[0]?.image), ["b", "b"]);
  assert.notEqual(status()?.currentRevision, first);
  assert.equal(status()?.currentRevision, status()?.updateRevision);
  assert.deepEqual([status()?.updatedReplicas, status()?.currentReplicas], [2, 2]);
  assert.deepEqual(
    api.list<ControllerRevision>("controllerrevisions").map(({ revision }) => revision),
    [1, 2],
  );
  const writes = api.writes.length;
  await simulation.pass(10_000);
  assert.equal(api.writes.length, writes, "a settled set writes nothing");
  await simulation.end();
});
