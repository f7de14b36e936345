import assert from "node:assert/strict";
import { conflict, FakeClock } from "../../../base/mod.ts";
import { builtinKind, type KubeObject, type ResourceQuota } from "../../../api/served.ts";
import { FakeObjects } from "../../fake_objects.ts";
import type { AdmissionRequest } from "../../ports.ts";
import { ResourceQuotaAdmission } from "./resource_quota.ts";

function create(kind: string, change: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const definition = builtinKind({ group: "", version: "v1", kind });
  assert.ok(definition);
  return {
    operation: "CREATE",
    definition,
    subresource: "",
    namespace: "ns",
    name: "a",
    object: { metadata: { name: "a", namespace: "ns" } },
    oldObject: undefined,
    user: { username: "u", groups: [] },
    dryRun: false,
    warn: () => {},
    ...change,
  };
}

function setUp(hard: Record<string, string>, used: Record<string, string>) {
  const objects = new FakeObjects();
  objects.put<ResourceQuota>("", "resourcequotas", {
    metadata: { name: "q", namespace: "ns" },
    spec: { hard },
    status: { hard, used },
  });
  const usage = () => objects.get<ResourceQuota>("", "resourcequotas", "ns", "q")?.status?.used;
  return { objects, usage, clock: new FakeClock() };
}

Deno.test("creates that come together never go over the limit", async () => {
  const { objects, usage, clock } = setUp({ secrets: "10" }, { secrets: "3" });
  let writes = 0;
  const writer = {
    create: objects.create.bind(objects),
    delete: objects.delete.bind(objects),
    update<T extends KubeObject>(group: string, resource: string, object: T) {
      // Somebody else was faster the first two times.
      if (writes++ < 2) {
        const other = objects.get<ResourceQuota>("", "resourcequotas", "ns", "q")!;
        const used = Number(other.status?.used?.["secrets"]) + 1;
        objects.put(group, resource, {
          ...other,
          status: { ...other.status, used: { secrets: String(used) } },
        });
        return Promise.reject(conflict({ group, resource }, "q", "changed"));
      }
      return objects.update(group, resource, object);
    },
  };
  const plugin = new ResourceQuotaAdmission({ reader: objects, writer, clock });
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, async () => await plugin.validate(create("Secret"))),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 5);
  assert.deepEqual(usage(), { secrets: "10" });
  const refused = results.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assert.match(
    refused.reason.message,
    /^secrets "a" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=10,/,
  );
  assert.ok(writes < 10, `${writes} writes for 20 creates`);
});

Deno.test("a dry run is refused like another, and charges nothing", async () => {
  const { objects, usage, clock } = setUp({ secrets: "1" }, { secrets: "0" });
  const plugin = new ResourceQuotaAdmission({ reader: objects, writer: objects, clock });
  await plugin.validate(create("Secret", { dryRun: true }));
  assert.deepEqual(usage(), { secrets: "0" });
  await plugin.validate(create("Secret"));
  assert.deepEqual(usage(), { secrets: "1" });
  await assert.rejects(async () => await plugin.validate(create("Secret", { dryRun: true })));
});

Deno.test("a namespace without quotas costs nothing", () => {
  const { objects, clock } = setUp({}, {});
  const plugin = new ResourceQuotaAdmission({ reader: objects, writer: objects, clock });
  assert.equal(plugin.validate(create("Secret", { namespace: "other" })), undefined);
});

Deno.test("quotas are no concern of events, of most updates and of the cluster's objects", () => {
  const { objects, clock } = setUp({}, {});
  const plugin = new ResourceQuotaAdmission({ reader: objects, writer: objects, clock });
  const object = { metadata: { name: "a" } };
  const cases: [AdmissionRequest, boolean][] = [
    [create("Secret"), true],
    [create("Event"), false],
    [create("Node", { namespace: "" }), false],
    [create("Pod", { subresource: "binding" }), false],
    [create("Secret", { operation: "UPDATE", oldObject: object }), false],
    [create("Service", { operation: "UPDATE", oldObject: object }), true],
    [create("Service", { operation: "UPDATE", oldObject: object, subresource: "status" }), false],
    [create("Pod", { operation: "UPDATE", oldObject: object }), false],
    [create("Pod", { operation: "UPDATE", oldObject: object, subresource: "resize" }), true],
    [create("Pod", { operation: "DELETE", object: undefined, oldObject: object }), false],
  ];
  for (const [request, expected] of cases) {
    const { operation, definition, subresource } = request;
    assert.equal(
      plugin.handles(request),
      expected,
      `${operation} ${definition.kind} ${subresource}`,
    );
  }
});
