import assert from "node:assert/strict";
import type { JsonObject } from "../../base/mod.ts";
import type { EndpointSlice, Service } from "../../api/served.ts";
import type { UserInfo } from "../ports.ts";
import { judgeService } from "./availability_plan.ts";
import { identityHeaders } from "./identity_headers.ts";
import { versionDiscovery } from "./remote_discovery.ts";
import { mergeIndex, mergeV2 } from "./remote_openapi.ts";
import { remoteOf } from "./remote_service.ts";

const remote = remoteOf({
  metadata: { name: "v1.ext.test" },
  spec: {
    group: "ext.test",
    version: "v1",
    service: { namespace: "n", name: "s" },
    groupPriorityMinimum: 1,
    versionPriority: 1,
  },
})!;

Deno.test("identityHeaders() tell who asks", () => {
  const user = (rest: Partial<UserInfo>): UserInfo => ({ username: "u", groups: [], ...rest });
  const cases: [string, UserInfo, [string, string][]][] = [
    ["a name", user({}), []],
    ["a uid", user({ uid: "7" }), [["x-remote-uid", "7"]]],
    ["groups", user({ groups: ["a", "b"] }), [["x-remote-group", "a"], ["x-remote-group", "b"]]],
    ["extra", user({ extra: { "Example.com/Key": ["v", "w"] } }), [
      ["x-remote-extra-example.com%2Fkey", "v"],
      ["x-remote-extra-example.com%2Fkey", "w"],
    ]],
    ["no second header", user({ groups: ["a\r\nx: y"] }), [["x-remote-group", "ax: y"]]],
  ];
  for (const [name, given, more] of cases) {
    const headers = identityHeaders(given);
    assert.deepEqual(headers, [["x-remote-user", "u"], ...more], name);
    assert.ok(headers.every(([, value]) => !/[\r\n]/.test(value)), name);
  }
});

Deno.test("judgeService() says what stands against a server", () => {
  const service = (spec: NonNullable<Service["spec"]>): Service => ({ spec });
  const ports = [{ name: "https", port: 443 }];
  const slice = (ready: boolean, port = "https"): EndpointSlice => ({
    metadata: { labels: { "kubernetes.io/service-name": "s" } },
    ports: [{ name: port, port: 1 }],
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready } }],
  } as EndpointSlice);
  const cases: [string, Service | undefined, EndpointSlice[], string | undefined][] = [
    ["no Service", undefined, [], "ServiceNotFound"],
    ["another port", service({ ports: [{ port: 80 }] }), [], "ServicePortError"],
    ["no slices", service({ ports }), [], "EndpointsNotFound"],
    [
      "of another Service",
      service({ ports }),
      [{ metadata: { labels: {} } } as never],
      "EndpointsNotFound",
    ],
    ["not ready", service({ ports }), [slice(false)], "MissingEndpoints"],
    ["another port's", service({ ports }), [slice(true, "http")], "MissingEndpoints"],
    ["ready", service({ ports }), [slice(false), slice(true)], undefined],
    ["outside", service({ type: "ExternalName" }), [], undefined],
  ];
  for (const [name, given, slices, reason] of cases) {
    assert.equal(judgeService(remote, given, slices)?.reason, reason, name);
  }
});

Deno.test("versionDiscovery() reads lists of resources, whatever they hold", () => {
  const list = {
    resources: [
      {
        name: "a",
        singularName: "x",
        namespaced: true,
        kind: "A",
        verbs: ["get", 7],
        shortNames: ["s"],
      },
      { name: "a/status", kind: "A", verbs: ["update"] },
      { name: "b/scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: [] },
      null,
      { kind: "nameless" },
      "text",
    ],
  };
  assert.deepEqual(versionDiscovery("v1", list as unknown as JsonObject).resources, [
    {
      resource: "a",
      responseKind: { group: "", version: "", kind: "A" },
      scope: "Namespaced",
      singularResource: "x",
      verbs: ["get"],
      shortNames: ["s"],
      subresources: [{
        subresource: "status",
        responseKind: { group: "", version: "", kind: "A" },
        verbs: ["update"],
      }],
    },
    {
      resource: "b",
      responseKind: { group: "", version: "", kind: "" },
      scope: "Cluster",
      singularResource: "",
      verbs: [],
      subresources: [{
        subresource: "scale",
        responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
        verbs: [],
      }],
    },
  ]);
  for (const wrong of [null, 1, [], {}, { resources: {} }]) {
    assert.deepEqual(versionDiscovery("v1", wrong as JsonObject).resources, []);
  }
});

Deno.test("documents of OpenAPI take from a server what is its own", () => {
  const entry = (path: string) => ({ serverRelativeURL: `/openapi/v3/${path}?hash=1` });
  const own = { paths: { "apis/apps/v1": entry("apis/apps/v1") } };
  const index = mergeIndex(own, {
    paths: { "apis/apps/v1": entry("evil"), "apis/ext.test/v1": entry("apis/ext.test/v1") },
  }, remote);
  assert.deepEqual(index, {
    paths: {
      "apis/apps/v1": entry("apis/apps/v1"),
      "apis/ext.test/v1": entry("apis/ext.test/v1"),
    },
  });
  const elsewhere = { paths: { "apis/ext.test/v1": { serverRelativeURL: "https://evil/" } } };
  assert.deepEqual(mergeIndex(own, elsewhere, remote), own);
  const whole = mergeV2({ paths: { "/a": 1 }, definitions: { A: 1 } }, {
    paths: { "/a": 2, "/apis/ext.test/v1/x": 3, "/apis/ext.test/v1": 4, "/apis/ext.test/v11/x": 5 },
    definitions: { A: 2, B: 3 },
  }, remote);
  assert.deepEqual(whole, {
    paths: { "/a": 1, "/apis/ext.test/v1/x": 3, "/apis/ext.test/v1": 4 },
    definitions: { A: 1, B: 3 },
  });
});
