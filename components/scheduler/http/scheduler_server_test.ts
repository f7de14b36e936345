import assert from "node:assert/strict";
import { ApiError, MetricRegistry } from "../../base/mod.ts";
import { defaultConfiguration } from "../config/mod.ts";
import type { TrackedPod } from "../state/tracked_pod.ts";
import { resourceMetrics } from "./resource_metrics.ts";
import { schedulerHandler } from "./scheduler_server.ts";

function handler({ allowed = true, ready = true } = {}) {
  const metrics = new MetricRegistry();
  metrics.counter("scheduler_x", "[STABLE] x").add(1);
  return schedulerHandler({
    metrics,
    configuration: defaultConfiguration(),
    refusal: () =>
      Promise.resolve(allowed ? undefined : new ApiError(403, "Forbidden", "forbidden: no", {})),
    isReady: () => ready,
    explain: (namespace, name) =>
      name === "known"
        ? { pod: `${namespace}/known`, node: "n1", nodes: { n1: { scores: { A: 1 }, total: 1 } } }
        : undefined,
    resources: () => "resources\n",
  });
}

const CASES: readonly (readonly [string, string, Parameters<typeof handler>[0], number, RegExp])[] =
  [
    ["GET", "/healthz", { allowed: false }, 200, /^ok$/],
    ["GET", "/livez", { allowed: false }, 200, /^ok$/],
    ["GET", "/readyz", { allowed: false }, 200, /^ok$/],
    ["GET", "/readyz", { ready: false }, 500, /informer-sync failed/],
    ["GET", "/metrics", { allowed: false }, 403, /"reason":"Forbidden"/],
    ["GET", "/metrics", {}, 200, /# HELP scheduler_x \[STABLE\] x/],
    ["GET", "/metrics/resources", {}, 200, /^resources$/m],
    ["GET", "/configz", {}, 200, /"kubescheduler.config.k8s.io":\{.*"parallelism":16/],
    ["GET", "/configz", { allowed: false }, 403, /forbidden: no/],
    ["GET", "/explain/pods/d/known", {}, 200, /^\{"pod":"d\/known","node":"n1","nodes":/],
    ["GET", "/explain/pods/d/unknown", {}, 404, /pods \\"unknown\\" not found/],
    ["GET", "/explain/pods/d/known", { allowed: false }, 403, /Forbidden/],
    ["GET", "/explain/pods/%ff/known", {}, 404, /404 page not found/],
    ["GET", "/other", {}, 404, /404 page not found/],
    ["POST", "/configz", {}, 405, /MethodNotAllowed/],
  ];

for (const [method, path, options, status, body] of CASES) {
  Deno.test(`${method} ${path} ${JSON.stringify(options)} answers ${status}`, async () => {
    const request = new Request(`https://scheduler${path}`, { method });
    const response = await handler(options)(request, { address: "127.0.0.1" });
    assert.equal(response.status, status);
    assert.match(await response.text(), body);
  });
}

Deno.test("resourceMetrics tells what each pod asks for, in base units", () => {
  const pod = {
    name: "p",
    namespace: "d",
    node: "n",
    priority: 3,
    schedulerName: "s",
    requests: new Map([["cpu", 250], ["memory", 1024], ["example.com/gpu", 2], ["pods", 0]]),
  } as unknown as TrackedPod;
  const labels = (resource: string, unit: string) =>
    `kube_pod_resource_request{namespace="d",pod="p",node="n",scheduler="s",priority="3",` +
    `resource="${resource}",unit="${unit}"}`;
  assert.deepEqual(resourceMetrics([pod]).trim().split("\n").slice(2), [
    `${labels("cpu", "cores")} 0.25`,
    `${labels("memory", "bytes")} 1024`,
    `${labels("example.com/gpu", "")} 2`,
  ]);
});
