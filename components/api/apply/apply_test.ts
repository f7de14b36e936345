import assert from "node:assert/strict";
import { ApiError, cloneJson } from "../../base/mod.ts";
import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import { schemaOf } from "../schema/mod.ts";
import { applyPatch, onlyTimesDiffer, trackUpdate } from "./mod.ts";

const schema = schemaOf("apps.v1.Deployment");
const T0 = Date.parse("2024-01-01T00:00:00Z");
const T1 = T0 + 60_000;

type Deployment = KubeObject & { spec: Record<string, unknown> };

function deployment(spec: Record<string, unknown>, metadata: KubeObject["metadata"] = {}) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", ...metadata },
    spec,
  } as Deployment;
}

function container(image: string, more: Record<string, unknown> = {}) {
  return { name: "nginx", image, ...more };
}

function apply(
  current: KubeObject | undefined,
  applied: KubeObject,
  { manager = "kubectl", force = false, now = T0 } = {},
): Deployment {
  return applyPatch({
    current,
    applied,
    schema,
    manager,
    force,
    now,
    apiVersion: "apps/v1",
    subresource: "",
    resetFields: ["status"],
  }).object as Deployment;
}

function update(
  previous: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  now = T0,
  subresource = "",
): Deployment {
  const managedFields = trackUpdate({
    previous,
    next,
    schema,
    manager,
    apiVersion: "apps/v1",
    now,
    subresource,
    resetFields: subresource === "status" ? ["spec", "metadata"] : ["status"],
  });
  const { managedFields: _, ...metadata } = next.metadata ?? {};
  return {
    ...next,
    metadata: { ...metadata, uid: "u", ...(managedFields ? { managedFields } : {}) },
  } as Deployment;
}

function fields(object: KubeObject, manager: string): unknown {
  return object.metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
}

const full = () =>
  deployment({
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          container("nginx", { resources: {}, ports: [{ containerPort: 80, protocol: "TCP" }] }),
        ],
        securityContext: {},
        restartPolicy: "Always",
      },
    },
  }, { labels: { app: "web" } });

Deno.test("trackUpdate() owns what a create sets, as upstream shows it", () => {
  const created = update(undefined, full(), "kubectl-create");
  const [entry] = created.metadata?.managedFields as ManagedFieldsEntry[];
  assert.deepEqual({ ...entry, fieldsV1: undefined }, {
    manager: "kubectl-create",
    operation: "Update",
    apiVersion: "apps/v1",
    time: "2024-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: undefined,
  });
  assert.deepEqual(entry?.fieldsV1, {
    "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
    "f:spec": {
      "f:replicas": {},
      "f:selector": {},
      "f:strategy": {
        "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} },
        "f:type": {},
      },
      "f:template": {
        "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
        "f:spec": {
          "f:containers": {
            'k:{"name":"nginx"}': {
              ".": {},
              "f:image": {},
              "f:name": {},
              "f:resources": {},
              "f:ports": {
                ".": {},
                'k:{"containerPort":80,"protocol":"TCP"}': {
                  ".": {},
                  "f:containerPort": {},
                  "f:protocol": {},
                },
              },
            },
          },
          "f:restartPolicy": {},
          "f:securityContext": {},
        },
      },
    },
  });
});

Deno.test("trackUpdate() moves fields to who changes them", () => {
  const created = update(undefined, full(), "kubectl-create");
  const scaled = update(
    created,
    { ...created, spec: { ...created.spec, replicas: 3 } } as never,
    "hpa",
    T1,
  );
  assert.deepEqual(fields(scaled, "hpa"), { "f:spec": { "f:replicas": {} } });
  const rest = fields(scaled, "kubectl-create") as { "f:spec": Record<string, unknown> };
  assert.equal(rest["f:spec"]["f:replicas"], undefined);
  assert.ok(rest["f:spec"]["f:selector"]);
  const times = scaled.metadata?.managedFields?.map(({ time }) => time);
  assert.deepEqual(times, ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"]);
});

Deno.test("trackUpdate() drops removed fields from all, and keeps entries where nothing changed", () => {
  const created = update(undefined, full(), "a");
  const { replicas: _, ...spec } = created.spec;
  const removed = update(created, { ...created, spec } as never, "b", T1);
  assert.equal(removed.metadata?.managedFields?.length, 1);
  assert.equal(removed.metadata?.managedFields?.[0]?.time, "2024-01-01T00:00:00Z");
  assert.equal(
    (fields(removed, "a") as Record<string, Record<string, unknown>>)["f:spec"]?.["f:replicas"],
    undefined,
  );
  const managedFields = trackUpdate({
    previous: created,
    next: cloneJson(created),
    schema,
    manager: "c",
    apiVersion: "apps/v1",
    now: T1,
    subresource: "",
    resetFields: [],
  });
  assert.deepEqual(managedFields, created.metadata?.managedFields);
});

Deno.test("trackUpdate() keeps subresources apart and ignores reset fields", () => {
  const created = update(undefined, full(), "a");
  const next = { ...created, status: { replicas: 1 }, spec: { ...created.spec, paused: true } };
  const status = update(created, next as never, "a", T1, "status");
  const entry = status.metadata?.managedFields?.[1];
  assert.equal(entry?.subresource, "status");
  assert.deepEqual(entry?.fieldsV1, { "f:status": { "f:replicas": {} } });
  const main = update(created, { ...created, status: { replicas: 1 } } as never, "b", T1);
  assert.equal(main.metadata?.managedFields?.length, 1);
});

Deno.test("trackUpdate() lets a client reset tracking and stays away afterwards", () => {
  const created = update(undefined, full(), "a");
  const reset = update(
    created,
    { ...created, metadata: { ...created.metadata, managedFields: [{}] } } as never,
    "b",
  );
  assert.equal(reset.metadata?.managedFields, undefined);
  const changed = update(reset, { ...reset, spec: { ...reset.spec, replicas: 9 } } as never, "b");
  assert.equal(changed.metadata?.managedFields, undefined);
  for (const sent of [[], [{ manager: "x", operation: "Update", fieldsV1: { bad: 1 } }]]) {
    const kept = update(
      created,
      { ...created, metadata: { ...created.metadata, managedFields: sent } } as never,
      "b",
    );
    assert.deepEqual(kept.metadata?.managedFields, created.metadata?.managedFields);
  }
});

Deno.test("trackUpdate() keeps ten update managers", () => {
  let object = update(undefined, full(), "m0");
  for (let i = 1; i <= 14; i++) {
    const labels = { ...object.metadata?.labels, [`l${i}`]: "x" };
    const next = { ...object, metadata: { ...object.metadata, labels } };
    object = update(object, next as never, `m${i}`, T0 + i * 1000);
  }
  const managers = object.metadata?.managedFields?.map(({ manager }) => manager);
  assert.equal(managers?.length, 10);
  assert.ok(managers?.includes("ancient-changes"));
  assert.ok(managers?.includes("m14"));
  assert.equal(managers?.includes("m0"), false);
});

Deno.test("applyPatch() creates, owns what it states and repeats without a change", () => {
  const config = () =>
    deployment({
      replicas: 2,
      template: { spec: { containers: [container("a", { ports: [{ containerPort: 80 }] })] } },
    }, { labels: { app: "web" } });
  const created = apply(undefined, config());
  assert.equal(created.spec["replicas"], 2);
  assert.deepEqual(fields(created, "kubectl"), {
    "f:metadata": { "f:labels": { "f:app": {} } },
    "f:spec": {
      "f:replicas": {},
      "f:template": {
        "f:spec": {
          "f:containers": {
            'k:{"name":"nginx"}': {
              ".": {},
              "f:name": {},
              "f:image": {},
              "f:ports": {
                'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
              },
            },
          },
        },
      },
    },
  });
  assert.equal(created.metadata?.managedFields?.[0]?.operation, "Apply");
  assert.equal(apply(created, config(), { now: T1 }), created);
});

Deno.test("applyPatch() conflicts with who owns a field, unless forced", () => {
  const created = update(undefined, full(), "kubectl-client");
  const config = deployment({ replicas: 5 });
  assert.throws(() => apply(created, config), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 409);
    assert.equal(error.reason, "Conflict");
    assert.equal(
      error.message,
      `Apply failed with 1 conflict: conflict with "kubectl-client" using apps/v1: .spec.replicas`,
    );
    assert.deepEqual(error.details?.causes, [{
      reason: "FieldManagerConflict",
      message: `conflict with "kubectl-client" using apps/v1`,
      field: ".spec.replicas",
    }]);
    return true;
  });
  const forced = apply(created, config, { force: true });
  assert.equal(forced.spec["replicas"], 5);
  assert.deepEqual(fields(forced, "kubectl"), { "f:spec": { "f:replicas": {} } });
  assert.equal(JSON.stringify(fields(forced, "kubectl-client")).includes("replicas"), false);
});

Deno.test("applyPatch() names every conflict", () => {
  const first = apply(undefined, deployment({ replicas: 1, paused: true }), { manager: "one" });
  assert.throws(
    () => apply(first, deployment({ replicas: 2, paused: false }), { manager: "two" }),
    {
      message:
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.paused\n- .spec.replicas',
    },
  );
});

Deno.test("applyPatch() shares fields of the same value", () => {
  const first = apply(undefined, deployment({ replicas: 1 }), { manager: "one" });
  const both = apply(first, deployment({ replicas: 1 }), { manager: "two" });
  assert.equal(both.metadata?.managedFields?.length, 2);
  const { spec: _, ...nothing } = deployment({});
  const left = apply(both, nothing, { manager: "one" });
  assert.equal(left.spec["replicas"], 1);
  assert.equal(left.metadata?.managedFields?.length, 1);
});

Deno.test("applyPatch() removes what its manager no longer states", () => {
  const config = (spec: Record<string, unknown>) =>
    deployment({ template: { spec } }, { labels: { a: "1", b: "2" } });
  const env = [{ name: "A", value: "1" }, { name: "B", value: "2" }];
  const first = apply(undefined, config({ containers: [container("i", { env })], hostname: "h" }));
  const defaulted = cloneJson(first);
  Object.assign(defaulted.spec, { revisionHistoryLimit: 10 });
  const second = apply(
    defaulted,
    deployment({
      template: { spec: { containers: [container("i", { env: [{ name: "B", value: "2" }] })] } },
    }, { labels: { b: "2" } }),
  );
  assert.deepEqual(second.metadata?.labels, { b: "2" });
  assert.deepEqual(second.spec, {
    revisionHistoryLimit: 10,
    template: { spec: { containers: [container("i", { env: [{ name: "B", value: "2" }] })] } },
  });
});

Deno.test("applyPatch() keeps items that others own, and orders items as applied", () => {
  const containers = (...names: string[]) =>
    deployment({ template: { spec: { containers: names.map((name) => ({ name, image: "i" })) } } });
  const names = (object: Deployment) =>
    (object.spec as { template: { spec: { containers: { name: string }[] } } }).template.spec
      .containers.map(({ name }) => name);
  const first = apply(undefined, containers("a", "b", "c"), { manager: "one" });
  const second = apply(first, containers("x", "c", "a"), { manager: "two" });
  assert.deepEqual(names(second), ["b", "x", "c", "a"]);
  const third = apply(second, containers("b"), { manager: "one" });
  assert.deepEqual(names(third), ["b", "x", "c", "a"]);
  const fourth = apply(third, containers("a"), { manager: "two" });
  assert.deepEqual(names(fourth), ["b", "a"]);
});

Deno.test("applyPatch() leaves alone what only the server sets", () => {
  const first = apply(undefined, deployment({ replicas: 1 }));
  const live = cloneJson(first);
  Object.assign(live.metadata ?? {}, { creationTimestamp: "2024-01-01T00:00:00Z", generation: 2 });
  const metadata = { creationTimestamp: null, generation: 9 } as never;
  assert.equal(apply(live, deployment({ replicas: 1 }, metadata)), live);
  const second = apply(live, deployment({ replicas: 2 }, metadata));
  assert.equal(second.metadata?.creationTimestamp, "2024-01-01T00:00:00Z");
  assert.equal(second.metadata?.generation, 2);
});

Deno.test("applyPatch() merges sets of values", () => {
  const config = (...finalizers: string[]) => deployment({}, { finalizers });
  const first = apply(undefined, config("a/x", "a/y"), { manager: "one" });
  const second = apply(first, config("a/z"), { manager: "two" });
  assert.deepEqual(second.metadata?.finalizers, ["a/x", "a/y", "a/z"]);
  const third = apply(second, config("a/y"), { manager: "one" });
  assert.deepEqual(third.metadata?.finalizers, ["a/y", "a/z"]);
  assert.deepEqual(fields(third, "two"), {
    "f:metadata": { "f:finalizers": { 'v:"a/z"': {} } },
    "f:spec": {},
  });
});

Deno.test("applyPatch() gives what nobody tracked to before-first-apply", () => {
  const untracked = full();
  (untracked.metadata as { uid?: string }).uid = "u";
  const applied = apply(untracked, deployment({ replicas: 1 }));
  assert.deepEqual(
    applied.metadata?.managedFields?.map(({ manager, operation }) => [
      manager,
      operation,
    ]),
    [["kubectl", "Apply"], ["before-first-apply", "Update"]],
  );
  assert.throws(
    () => apply(untracked, deployment({ replicas: 4 })),
    /conflict with "before-first-apply" using apps\/v1: .spec.replicas/,
  );
});

Deno.test("applyPatch() takes over from client-side apply by its annotation", () => {
  const config = deployment({ replicas: 1 });
  const annotation = "kubectl.kubernetes.io/last-applied-configuration";
  const csa = update(
    undefined,
    deployment({ replicas: 1, paused: true }, {
      annotations: { [annotation]: JSON.stringify(config) },
    }),
    "kubectl-client-side-apply",
  );
  const upgraded = apply(csa, deployment({ replicas: 2 }));
  assert.equal(upgraded.spec["replicas"], 2);
  const kept = JSON.parse(upgraded.metadata?.annotations?.[annotation] ?? "null");
  assert.equal(kept.spec.replicas, 2);
  assert.throws(() => apply(csa, deployment({ paused: false })), /\.spec\.paused/);
  assert.throws(() => apply(csa, deployment({ replicas: 2 }), { manager: "other" }), /replicas/);
});

Deno.test("applyPatch() refuses what does not fit", () => {
  const cases: [KubeObject, number, RegExp][] = [
    [
      { ...deployment({}), apiVersion: "apps/v1beta1" } as KubeObject,
      400,
      /^Incorrect version specified in apply patch. Specified patch version: apps\/v1beta1, expected: apps\/v1$/,
    ],
    [deployment({}, { managedFields: [] }), 400, /^metadata.managedFields must be nil$/],
    [
      deployment({ foo: 1 }),
      500,
      /^failed to create typed patch object \(default\/web; apps\/v1, Kind=Deployment\): \.spec\.foo: field not declared in schema$/,
    ],
    [
      deployment({ template: { spec: { containers: [{ image: "x" }] } } }),
      500,
      /containers\[0\]: associative list with keys has an element that omits key field "name"/,
    ],
    [
      deployment({ template: { spec: { containers: [container("a"), container("b")] } } }),
      500,
      /duplicate entries for key \[name="nginx"\]/,
    ],
  ];
  for (const [config, code, message] of cases) {
    assert.throws(() => apply(undefined, config), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("applyPatch() and trackUpdate() change no argument", () => {
  const created = update(undefined, full(), "a");
  const before = cloneJson(created);
  apply(created, deployment({ replicas: 7 }), { force: true });
  update(created, deployment({ replicas: 8 }), "b");
  assert.deepEqual(created, before);
});

Deno.test("applyPatch() answers what shares nothing with the stored object", () => {
  const template = { spec: { containers: [container("a")] } };
  const live = apply(undefined, deployment({ replicas: 1, template }));
  const before = cloneJson(live);
  const next = apply(live, deployment({ replicas: 2, template }));
  Object.assign(next.spec["template"] as object, { spec: null });
  Object.assign(next.metadata ?? {}, { name: "other" });
  assert.deepEqual(live, before);
});

Deno.test("onlyTimesDiffer() sees through new times, and through nothing else", () => {
  const one = apply(undefined, deployment({ replicas: 1 }));
  const later = apply(undefined, deployment({ replicas: 1 }), { now: T1 });
  assert.equal(onlyTimesDiffer(later, one), true);
  assert.equal(onlyTimesDiffer(apply(undefined, deployment({ replicas: 2 })), one), false);
  const other = apply(undefined, deployment({ replicas: 1 }), { manager: "other" });
  assert.equal(onlyTimesDiffer(other, one), false);
});
