import assert from "node:assert/strict";
import type { PolicyRule } from "../../api/served.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { AuthorizationAttributes, Authorizer } from "../ports.ts";
import {
  forbiddenError,
  mastersAuthorizer,
  RBAC_GROUP,
  RbacAuthorizer,
  unionAuthorizer,
} from "./mod.ts";

const USER = { username: "u", groups: ["system:authenticated", "devs"] };

/** `get pods/log ns/name in group`, or `get /path`. */
function attributes(request: string, user = USER): AuthorizationAttributes {
  const [verb = "", target = "", where = "", group = ""] = request.split(" ");
  const isResourceRequest = !target.startsWith("/");
  const [resource = "", subresource = ""] = isResourceRequest ? target.split("/") : [];
  const [namespace = "", name = ""] = where.split(":");
  return {
    user,
    verb,
    isResourceRequest,
    group,
    version: "v1",
    resource,
    subresource,
    namespace,
    name,
    path: isResourceRequest ? "" : target,
  };
}

function bound(rules: PolicyRule[], kind = "User", name = "u"): RbacAuthorizer {
  const objects = new FakeObjects();
  objects.put(RBAC_GROUP, "clusterroles", { metadata: { name: "r" }, rules });
  objects.put(RBAC_GROUP, "clusterrolebindings", {
    metadata: { name: "b" },
    roleRef: { kind: "ClusterRole", name: "r" },
    subjects: [{ kind, name }],
  });
  const rbac = new RbacAuthorizer();
  rbac.start(objects);
  return rbac;
}

Deno.test("a rule allows what upstream's rules allow", async (t) => {
  const core = { apiGroups: [""] };
  const cases: [PolicyRule, string, boolean][] = [
    [{ ...core, verbs: ["get"], resources: ["pods"] }, "get pods ns:x", true],
    [{ ...core, verbs: ["get"], resources: ["pods"] }, "list pods ns", false],
    [{ ...core, verbs: ["*"], resources: ["pods"] }, "deletecollection pods ns", true],
    [{ ...core, verbs: ["get"], resources: ["pods"] }, "get pods ns:x apps", false],
    [{ apiGroups: ["*"], verbs: ["get"], resources: ["pods"] }, "get pods ns:x apps", true],
    [{ ...core, verbs: ["get"], resources: ["pods"] }, "get pods/log ns:x", false],
    [{ ...core, verbs: ["get"], resources: ["pods/log"] }, "get pods/log ns:x", true],
    [{ ...core, verbs: ["get"], resources: ["pods/log"] }, "get pods ns:x", false],
    [{ ...core, verbs: ["get"], resources: ["*/scale"] }, "get deployments/scale ns:x", true],
    [{ ...core, verbs: ["get"], resources: ["*/scale"] }, "get deployments ns:x", false],
    [{ ...core, verbs: ["get"], resources: ["pods/*"] }, "get pods/log ns:x", false],
    [{ ...core, verbs: ["get"], resources: ["*"] }, "get pods/log ns:x", true],
    [{ ...core, verbs: ["get"], resources: ["pods"], resourceNames: ["x"] }, "get pods ns:x", true],
    [
      { ...core, verbs: ["get"], resources: ["pods"], resourceNames: ["x"] },
      "get pods ns:y",
      false,
    ],
    [
      { ...core, verbs: ["list"], resources: ["pods"], resourceNames: ["x"] },
      "list pods ns",
      false,
    ],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }, "get /healthz", true],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }, "get /healthz/x", false],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz/*"] }, "get /healthz/x", true],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz*"] }, "get /healthzz", true],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "get /anything", true],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "post /anything", false],
    [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, "get /healthz", false],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "get pods ns:x", false],
  ];
  for (const [rule, request, allowed] of cases) {
    await t.step(`${JSON.stringify(rule)} ${request}`, () => {
      assert.equal(bound([rule]).authorize(attributes(request)).allowed, allowed);
    });
  }
});

Deno.test("subjects are users, groups and service accounts, by exact name", async (t) => {
  const rules = [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }];
  const cases: [string, string, boolean][] = [
    ["User", "u", true],
    ["User", "U", false],
    ["User", "devs", false],
    ["Group", "devs", true],
    ["Group", "u", false],
    ["ServiceAccount", "u", false],
    ["Other", "u", false],
  ];
  for (const [kind, name, allowed] of cases) {
    await t.step(`${kind} ${name}`, () => {
      const decision = bound(rules, kind, name).authorize(attributes("get pods ns:x"));
      assert.equal(decision.allowed, allowed);
    });
  }
});

Deno.test("a RoleBinding reaches its namespace only, and a service account by its own", () => {
  const objects = new FakeObjects();
  const rules = [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }];
  objects.put(RBAC_GROUP, "roles", { metadata: { name: "r", namespace: "a" }, rules });
  objects.put(RBAC_GROUP, "rolebindings", {
    metadata: { name: "b", namespace: "a" },
    roleRef: { kind: "Role", name: "r" },
    subjects: [{ kind: "ServiceAccount", name: "s", namespace: "other" }, {
      kind: "ServiceAccount",
      name: "here",
    }],
  });
  const rbac = new RbacAuthorizer();
  rbac.start(objects);
  const account = (username: string) => ({ username, groups: [] });
  const may = (username: string, request: string) =>
    rbac.authorize(attributes(request, account(username)));
  assert.deepEqual(may("system:serviceaccount:other:s", "get pods a:x"), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "b/a" of Role "r" to ServiceAccount "s/other"',
  });
  assert.equal(may("system:serviceaccount:other:s", "get pods b:x").allowed, false);
  assert.equal(may("system:serviceaccount:other:s", "get pods").allowed, false);
  assert.equal(may("system:serviceaccount:a:here", "get pods a:x").allowed, true);
  assert.equal(may("system:serviceaccount:b:here", "get pods a:x").allowed, false);
});

Deno.test("changes of roles and bindings count at once", () => {
  const objects = new FakeObjects();
  const rbac = new RbacAuthorizer();
  const end = rbac.start(objects);
  const decide = () => rbac.authorize(attributes("get pods a:x"));
  const binding = (user: string) => ({
    metadata: { name: "b" },
    roleRef: { kind: "ClusterRole", name: "r" },
    subjects: [{ kind: "User", name: user }],
  });
  assert.deepEqual(decide(), { allowed: false, reason: "" });
  objects.put(RBAC_GROUP, "clusterrolebindings", binding("u"));
  assert.deepEqual(decide(), {
    allowed: false,
    reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "r" not found',
  });
  const rules = [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }];
  objects.put(RBAC_GROUP, "clusterroles", { metadata: { name: "r" }, rules });
  assert.equal(decide().allowed, true);
  objects.put(RBAC_GROUP, "clusterrolebindings", binding("other"));
  assert.equal(decide().allowed, false);
  objects.put(RBAC_GROUP, "clusterrolebindings", binding("u"));
  assert.equal(decide().allowed, true);
  objects.put(RBAC_GROUP, "clusterroles", { metadata: { name: "r" }, rules: [] });
  assert.equal(decide().allowed, false);
  objects.put(RBAC_GROUP, "clusterroles", { metadata: { name: "r" }, rules });
  objects.remove(RBAC_GROUP, "clusterrolebindings", "", "b");
  assert.equal(decide().allowed, false);
  end();
  objects.put(RBAC_GROUP, "clusterrolebindings", binding("u"));
  assert.equal(decide().allowed, false);
});

Deno.test("forbiddenError speaks as upstream does", async (t) => {
  const cases: [string, string, string][] = [
    [
      "list pods ns",
      "",
      'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "ns"',
    ],
    [
      "get pods/log ns:x",
      "",
      'pods "x" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "ns"',
    ],
    [
      "delete deployments ns:x apps",
      "why",
      'deployments.apps "x" is forbidden: User "u" cannot delete resource "deployments" in API group "apps" in the namespace "ns": why',
    ],
    [
      "list nodes",
      "",
      'nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    ["get /x", "", 'forbidden: User "u" cannot get path "/x"'],
  ];
  for (const [request, reason, message] of cases) {
    await t.step(message, () => {
      const error = forbiddenError(attributes(request), reason);
      assert.deepEqual([error.code, error.reason, error.message], [403, "Forbidden", message]);
    });
  }
});

Deno.test("unionAuthorizer takes the first that decides, and joins the reasons of the others", async () => {
  const says = (allowed: boolean, reason: string, denied = false): Authorizer => ({
    authorize: () => ({ allowed, reason, denied }),
  });
  const later = (authorizer: Authorizer): Authorizer => ({
    authorize: (request) => Promise.resolve(authorizer.authorize(request)),
  });
  const decide = async (...authorizers: Authorizer[]) => {
    const { allowed, reason } = await unionAuthorizer(authorizers).authorize(
      attributes("get pods a:x"),
    );
    return [allowed, reason];
  };
  assert.deepEqual(await decide(), [false, ""]);
  assert.deepEqual(await decide(says(false, "a"), says(true, "b"), says(false, "c")), [true, "b"]);
  assert.deepEqual(await decide(says(false, "a"), later(says(false, "b"))), [false, "a\nb"]);
  assert.deepEqual(await decide(later(says(false, "a")), later(says(true, "b"))), [true, "b"]);
  assert.deepEqual(await decide(says(false, "no", true), says(true, "b")), [false, "no"]);
  const masters = attributes("get pods a:x", { username: "x", groups: ["system:masters"] });
  assert.deepEqual(mastersAuthorizer.authorize(masters), { allowed: true, reason: "" });
});
