import assert from "node:assert/strict";
import type { Container, DeviceClass, Pod } from "../../api/mod.ts";
import { extendedRequests, ExtendedResources, servedResources } from "./extended_resources.ts";

const RESOURCE = "example.com/gpu";
const SERVED = new Map([[RESOURCE, "gpu"]]);

const container = (name: string, count: number, more: Container = {}): Container => ({
  name,
  resources: { requests: { cpu: "1", ...(count > 0 ? { [RESOURCE]: String(count) } : {}) } },
  ...more,
});

Deno.test("each container's resources are one request; what ended init containers had is used again", () => {
  const sidecar = { restartPolicy: "Always" };
  const cases: [string, Container[], Container[], string[], string[]][] = [
    ["none", [], [container("a", 0)], [], []],
    ["one", [], [container("a", 2)], ["container-0-request-1=2"], ["a: container-0-request-1"]],
    [
      "two",
      [],
      [container("a", 1), container("b", 1)],
      ["container-0-request-1=1", "container-1-request-1=1"],
      ["a: container-0-request-1", "b: container-1-request-1"],
    ],
    [
      "an init container and one after it",
      [container("i", 2)],
      [container("a", 1), container("b", 1)],
      ["container-0-request-1=2", "container-2-request-1=1"],
      ["i: container-0-request-1", "a: container-0-request-1", "b: container-2-request-1"],
    ],
    [
      "two init containers, the second with more",
      [container("i", 1), container("j", 3)],
      [container("a", 3)],
      ["container-0-request-1=1", "container-1-request-1=2"],
      [
        "i: container-0-request-1",
        "j: container-0-request-1",
        "j: container-1-request-1",
        "a: container-0-request-1",
        "a: container-1-request-1",
      ],
    ],
    [
      "a sidecar keeps what it has",
      [container("s", 1, sidecar)],
      [container("a", 1)],
      ["container-0-request-1=1", "container-1-request-1=1"],
      ["s: container-0-request-1", "a: container-1-request-1"],
    ],
  ];
  for (const [name, initContainers, containers, requests, mappings] of cases) {
    const found = extendedRequests({ spec: { initContainers, containers } }, SERVED);
    assert.deepEqual(
      found.requests.map((one) => `${one.name}=${one.exactly?.count}`),
      requests,
      name,
    );
    assert.deepEqual(
      found.mappings.map((one) => `${one.containerName}: ${one.requestName}`),
      mappings,
      name,
    );
  }
});

Deno.test("a resource is served by the newest class that names it, or by the class that it names", () => {
  const resources = new ExtendedResources();
  const classes = new Map<string, DeviceClass>();
  const put = (name: string, created: string | undefined, extendedResourceName?: string) => {
    const one: DeviceClass | undefined = created === undefined ? undefined : {
      metadata: { name, creationTimestamp: created },
      spec: extendedResourceName === undefined ? {} : { extendedResourceName },
    };
    resources.put(name, one);
    if (one === undefined) classes.delete(name);
    else classes.set(name, one);
  };
  const served = (...names: string[]) => {
    const requests = Object.fromEntries(names.map((name) => [name, "1"]));
    const pod: Pod = { spec: { containers: [{ name: "c", resources: { requests } }] } };
    const classOf = (name: string) => resources.classOf(name, (one) => classes.has(one));
    return Object.fromEntries(servedResources(pod, classOf));
  };
  put("plain", "2026-01-01T00:00:00Z");
  put("old", "2026-01-01T00:00:00Z", RESOURCE);
  assert.deepEqual(served("cpu", RESOURCE, "example.com/other"), { [RESOURCE]: "old" });
  put("b", "2026-02-01T00:00:00Z", RESOURCE);
  put("a", "2026-02-01T00:00:00Z", RESOURCE);
  assert.deepEqual(served(RESOURCE), { [RESOURCE]: "a" });
  put("a", "2026-02-01T00:00:00Z", "example.com/other");
  put("b", undefined);
  assert.deepEqual(served(RESOURCE, "example.com/other"), {
    [RESOURCE]: "old",
    "example.com/other": "a",
  });
  const prefix = "deviceclass.resource.kubernetes.io/";
  assert.deepEqual(served(`${prefix}plain`, `${prefix}b`), { [`${prefix}plain`]: "plain" });
});
