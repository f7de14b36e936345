import assert from "node:assert/strict";
import { isLongRunning, isTrue, parseRequestInfo } from "./request_info.ts";

/** method, path with query, then verb group/version/resource/subresource namespace/name rest. */
const CASES: readonly [string, string, string][] = [
  ["GET", "/api/v1/pods", "list /v1/pods/ / "],
  ["GET", "/api/v1/pods?watch=true", "watch /v1/pods/ / "],
  ["GET", "/api/v1/pods?watch", "watch /v1/pods/ / "],
  ["GET", "/api/v1/pods?watch=false", "list /v1/pods/ / "],
  ["GET", "/api/v1/watch/pods", "watch /v1/pods/ / "],
  ["GET", "/api/v1/namespaces/a/pods/b", "get /v1/pods/ a/b "],
  ["HEAD", "/api/v1/namespaces/a/pods/b", "get /v1/pods/ a/b "],
  ["POST", "/api/v1/namespaces/a/pods", "create /v1/pods/ a/ "],
  ["PUT", "/api/v1/namespaces/a/pods/b/status", "update /v1/pods/status a/b "],
  ["PATCH", "/apis/apps/v1/namespaces/a/deployments/b", "patch apps/v1/deployments/ a/b "],
  ["DELETE", "/api/v1/namespaces/a/pods/b", "delete /v1/pods/ a/b "],
  ["DELETE", "/api/v1/namespaces/a/pods", "deletecollection /v1/pods/ a/ "],
  ["GET", "/api/v1/namespaces", "list /v1/namespaces/ / "],
  ["GET", "/api/v1/namespaces/a", "get /v1/namespaces/ a/a "],
  ["PUT", "/api/v1/namespaces/a/finalize", "update /v1/namespaces/finalize a/a "],
  ["PUT", "/api/v1/namespaces/a/status", "update /v1/namespaces/status a/a "],
  ["GET", "/api/v1/nodes/n/proxy/logs/x", "get /v1/nodes/proxy /n logs/x"],
  ["GET", "/api/v1/pods?fieldSelector=metadata.name%3Dx", "list /v1/pods/ /x "],
  [
    "GET",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
    "get rbac.authorization.k8s.io/v1/clusterroles/ /system:node ",
  ],
];

Deno.test("parseRequestInfo reads resource paths as upstream does", () => {
  for (const [method, target, expected] of CASES) {
    const [path = "", query] = target.split("?");
    const info = parseRequestInfo(method, path, new URLSearchParams(query));
    assert.equal(info.isResourceRequest, true, target);
    assert.equal(
      `${info.verb} ${info.group}/${info.version}/${info.resource}/${info.subresource} ` +
        `${info.namespace}/${info.name} ${info.rest}`,
      expected,
      `${method} ${target}`,
    );
  }
});

Deno.test("parseRequestInfo leaves other paths to their method", () => {
  for (
    const path of ["/", "/version", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz"]
  ) {
    const info = parseRequestInfo("GET", path, undefined);
    assert.deepEqual([info.isResourceRequest, info.verb], [false, "get"], path);
  }
});

Deno.test("isLongRunning knows what may last", () => {
  const of = (path: string, query = "") =>
    isLongRunning(parseRequestInfo("GET", path, new URLSearchParams(query)));
  assert.equal(of("/api/v1/pods", "watch=1"), true);
  assert.equal(of("/api/v1/namespaces/a/pods/b/log"), true);
  assert.equal(of("/api/v1/namespaces/a/pods/b"), false);
});

Deno.test("isTrue takes a bare name as true", () => {
  assert.deepEqual(["", "1", "true", "0", "false"].map(isTrue), [true, true, true, false, false]);
  assert.equal(isTrue(null), false);
});
