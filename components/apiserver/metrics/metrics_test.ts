import assert from "node:assert/strict";
import { FakeClock, MetricRegistry, unauthorized } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../../api/served.ts";
import type { UserInfo } from "../ports.ts";
import { parseRequestInfo } from "../request_info.ts";
import { StoredPlaces } from "../stored_places.ts";
import { identityMeter } from "./identity_metrics.ts";
import { meteredAuthenticator } from "./metered_authentication.ts";
import { dryRunLabel, metricVerb, requestLabels } from "./request_labels.ts";

Deno.test("requests are labelled as upstream's", () => {
  const check = (line: string, expected: string, contentType = "application/json") => {
    const [method = "", url = ""] = line.split(" ");
    const [path = "", query = ""] = url.split("?");
    const info = parseRequestInfo(method, path, new URLSearchParams(query));
    const request = new Request("http://server", {
      method,
      headers: { "content-type": contentType },
    });
    const { verb, resource, subresource, scope } = requestLabels(
      metricVerb(request, info),
      info,
      info.resource !== "nonsense",
    );
    assert.equal([verb, resource, subresource, scope].join(" "), expected, line);
  };
  check("GET /api/v1/pods", "LIST pods  cluster");
  check("GET /api/v1/namespaces/a/pods", "LIST pods  namespace");
  check("GET /api/v1/namespaces/a/pods?watch=1", "WATCH pods  namespace");
  check("HEAD /api/v1/namespaces/a/pods/b", "GET pods  resource");
  check("POST /api/v1/namespaces/a/pods", "POST pods  resource");
  check("DELETE /api/v1/namespaces/a/pods", "DELETECOLLECTION pods  namespace");
  check("PATCH /api/v1/nodes/b/status", "PATCH nodes status resource");
  check("PATCH /api/v1/nodes/b", "APPLY nodes  resource", "application/apply-patch+yaml");
  check("GET /api/v1/namespaces/a/pods/b/log", "CONNECT pods log resource");
  check("BREW /api/v1/namespaces/a/pods/b", "other pods  resource");
  check("GET /api/v1/nonsense", "LIST   ");
  check("GET /readyz", "GET  /readyz ");
  check("GET /readyz/ping", "GET   ");
  check("OPTIONS /version", "other   ");
  const dry = (query: string) => dryRunLabel(new URLSearchParams(query));
  assert.deepEqual([dry(""), dry("dryRun=All"), dry("dryRun=Some"), dry("dryRun=")], [
    "",
    "All",
    "invalid",
    "",
  ]);
});

Deno.test("StoredPlaces knows the resource of a key", () => {
  const places = new StoredPlaces(BUILTIN_KINDS);
  const cases: [string, string][] = [
    ["/registry/pods/a/b", "pods"],
    ["/registry/minions/n", "nodes"],
    ["/registry/services/specs/a/b", "services"],
    ["/registry/services/endpoints/a/b", "endpoints"],
    ["/registry/deployments/a/b", "deployments.apps"],
    ["/registry/apiregistration.k8s.io/apiservices/v1.", "apiservices.apiregistration.k8s.io"],
    ["/registry/example.com/things/a/b", "things.example.com"],
    ["/registry/masterleases/1.2.3.4", ""],
    ["/other", ""],
    ["", ""],
  ];
  for (const [key, expected] of cases) assert.equal(places.nameOf(key), expected, key);
});

Deno.test("meteredAuthenticator counts what comes of requests", async () => {
  const registry = new MetricRegistry();
  const users: Record<string, UserInfo> = {
    "/a": { username: "a@example.com", groups: [] },
    "/b": { username: "admin", groups: [] },
  };
  const authenticator = meteredAuthenticator(
    {
      authenticate({ url }) {
        const path = new URL(url).pathname;
        if (path === "/wrong") return Promise.reject(unauthorized());
        if (path === "/broken") return Promise.reject(new Error("x"));
        return Promise.resolve(users[path]);
      },
    },
    registry,
    new FakeClock(),
  );
  for (const path of ["/a", "/a", "/b", "/nobody", "/wrong", "/broken"]) {
    await authenticator.authenticate(new Request(`http://s${path}`), { address: "" })
      .catch(() => {});
  }
  const { tokenLooked: looked } = identityMeter(registry);
  looked(true);
  looked(false);
  looked(true);
  const text = registry.text();
  for (
    const line of [
      'authentication_attempts{result="success"} 3',
      'authentication_attempts{result="failure"} 2',
      'authentication_attempts{result="error"} 1',
      'authenticated_user_requests{username="email_id"} 2',
      'authenticated_user_requests{username="admin"} 1',
      'authentication_token_cache_request_total{status="hit"} 2',
    ]
  ) assert.ok(text.includes(`${line}\n`), line);
});
