/** Who may what, and how refusals read. */
import { type Cases, testCases } from "./parity_case.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns";
const ROLE = {
  send: `POST ${RBAC}/roles`,
  body: {
    metadata: { name: "reader" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
  },
  code: 201,
};
const BINDING = {
  send: `POST ${RBAC}/rolebindings`,
  body: {
    metadata: { name: "reader" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane" }],
  },
  code: 201,
};

const ACCESS: Cases = {
  "a list that is forbidden": [{
    send: "GET configmaps",
    user: "john",
    code: 403,
    reason: "Forbidden",
    message:
      'configmaps is forbidden: User "john" cannot list resource "configmaps" in API group "" in the namespace "$ns"',
    has: { details: { kind: "configmaps" } },
  }],
  "an object that is forbidden": [{
    send: "GET /apis/apps/v1/namespaces/$ns/deployments/d",
    user: "john",
    code: 403,
    message:
      'deployments.apps "d" is forbidden: User "john" cannot get resource "deployments" in API group "apps" in the ' +
      'namespace "$ns"',
  }],
  "the cluster": [{
    send: "GET /api/v1/nodes",
    user: "john",
    code: 403,
    message:
      'nodes is forbidden: User "john" cannot list resource "nodes" in API group "" at the cluster scope',
  }],
  "a subresource": [{
    send: "GET pods/p/log",
    user: "john",
    code: 403,
    message:
      'pods "p" is forbidden: User "john" cannot get resource "pods/log" in API group "" in the namespace "$ns"',
  }],
  "a path": [{
    send: "GET /metrics",
    user: "john",
    code: 403,
    message: 'forbidden: User "john" cannot get path "/metrics"',
  }],
  "everybody may ask for the version": [{ send: "GET /version", user: "john", code: 200 }],
  "a role allows": [
    ROLE,
    BINDING,
    { send: "GET configmaps", user: "jane", code: 200 },
    {
      send: "POST configmaps",
      user: "jane",
      body: { metadata: { name: "a" } },
      code: 403,
      message:
        'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "$ns"',
    },
    { send: "GET /api/v1/configmaps", user: "jane", code: 403 },
    { send: `DELETE ${RBAC}/rolebindings/reader`, code: 200 },
    { send: "GET configmaps", user: "jane", code: 403 },
  ],
  "a role reference stays": [ROLE, BINDING, {
    send: `PATCH ${RBAC}/rolebindings/reader`,
    type: "merge",
    body: { roleRef: { name: "other" } },
    code: 422,
    message: 'RoleBinding.rbac.authorization.k8s.io "reader" is invalid: roleRef: Invalid value: ' +
      '{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"other"}: cannot change roleRef',
  }],
  "what one may do, one may ask": [ROLE, BINDING, {
    send: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    user: "jane",
    body: {
      spec: { resourceAttributes: { namespace: "$ns", verb: "list", resource: "configmaps" } },
    },
    code: 201,
    has: { status: { allowed: true } },
  }, {
    send: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    user: "jane",
    body: {
      spec: { resourceAttributes: { namespace: "$ns", verb: "create", resource: "configmaps" } },
    },
    code: 201,
    has: { status: { allowed: false } },
  }],
  "nobody gives more than they have": [ROLE, BINDING, {
    send: `POST ${RBAC}/roles`,
    body: {
      metadata: { name: "giver" },
      rules: [{
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["roles"],
        verbs: ["create"],
      }],
    },
    code: 201,
  }, {
    send: `POST ${RBAC}/rolebindings`,
    body: {
      ...BINDING.body,
      metadata: { name: "giver" },
      roleRef: { ...BINDING.body.roleRef, name: "giver" },
    },
    code: 201,
  }, {
    send: `POST ${RBAC}/roles`,
    user: "jane",
    body: {
      metadata: { name: "more" },
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
    },
    code: 403,
    reason: "Forbidden",
    message:
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting ' +
      "to grant RBAC permissions not currently held:\n" +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
  }, {
    send: `POST ${RBAC}/roles`,
    user: "jane",
    body: {
      metadata: { name: "same" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
    },
    code: 201,
  }],
};

testCases("access", ACCESS);
