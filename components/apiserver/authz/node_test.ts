import assert from "node:assert/strict";
import { FakeObjects } from "../fake_objects.ts";
import type { AuthorizationAttributes } from "../ports.ts";
import { NodeAuthorizer } from "./mod.ts";

const POD = {
  metadata: { name: "p", namespace: "ns" },
  spec: {
    nodeName: "a",
    serviceAccountName: "sa",
    imagePullSecrets: [{ name: "pull" }],
    containers: [{
      name: "c",
      env: [{ name: "E", valueFrom: { secretKeyRef: { name: "env-secret", key: "k" } } }],
      envFrom: [{ configMapRef: { name: "env-map" } }],
    }],
    volumes: [
      { name: "v", persistentVolumeClaim: { claimName: "claim" } },
      { name: "e", ephemeral: {} },
      { name: "t", projected: { sources: [{ configMap: { name: "root-ca" } }] } },
    ],
  },
};

function cluster() {
  const objects = new FakeObjects();
  objects.put("", "pods", POD);
  objects.put("", "pods", { metadata: { name: "q", namespace: "ns" }, spec: { nodeName: "b" } });
  objects.put("", "pods", {
    metadata: {
      name: "mirror",
      namespace: "ns",
      annotations: { "kubernetes.io/config.mirror": "x" },
    },
    spec: { nodeName: "a", volumes: [{ name: "v", secret: { secretName: "stolen" } }] },
  });
  objects.put("", "persistentvolumes", {
    metadata: { name: "pv" },
    spec: {
      claimRef: { namespace: "ns", name: "claim" },
      csi: { nodeStageSecretRef: { namespace: "csi", name: "stage" } },
    },
  });
  objects.put("", "persistentvolumeclaims", {
    metadata: { name: "claim", namespace: "ns" },
    spec: { volumeName: "pv" },
  });
  objects.put("storage.k8s.io", "volumeattachments", {
    metadata: { name: "va" },
    spec: { nodeName: "a" },
  });
  const authorizer = new NodeAuthorizer(objects, [
    { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["services"] },
    { verbs: ["create"], apiGroups: [""], resources: ["events"] },
  ]);
  return { objects, authorizer };
}

/** `verb resource[/sub][.group] [namespace:]name [field=value]` */
function attributes(request: string, node: string): AuthorizationAttributes {
  const [verb = "", target = "", where = "", selector = ""] = request.split(" ");
  const dot = target.indexOf(".");
  const [resource = "", subresource = ""] = (dot < 0 ? target : target.slice(0, dot)).split("/");
  const [namespace = "", name = ""] = where.includes(":") ? where.split(":") : ["", where];
  const [field = "", value = ""] = selector.split("=");
  return {
    user: { username: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"] },
    verb,
    isResourceRequest: true,
    group: dot < 0 ? "" : target.slice(dot + 1),
    version: "v1",
    resource,
    subresource,
    namespace,
    name,
    path: "",
    ...(selector === "" ? {} : { fieldSelector: [{ field, operator: "=", value }] }),
  };
}

Deno.test("NodeAuthorizer lets node a do what its pods need, and no other node", async (t) => {
  const cases: [string, boolean][] = [
    ["get secrets ns:pull", true],
    ["watch secrets ns:env-secret", true],
    ["get secrets csi:stage", true],
    ["get secrets ns:other", false],
    ["get secrets ns:stolen", false],
    ["list secrets ns:", false],
    ["update secrets ns:pull", false],
    ["get configmaps ns:env-map", true],
    ["get configmaps ns:root-ca", true],
    ["get configmaps other:env-map", false],
    ["get persistentvolumeclaims ns:claim", true],
    ["get persistentvolumeclaims ns:p-e", true],
    ["patch persistentvolumeclaims/status ns:claim", true],
    ["patch persistentvolumeclaims ns:claim", false],
    ["get persistentvolumes pv", true],
    ["get persistentvolumes other", false],
    ["get volumeattachments.storage.k8s.io va", true],
    ["create serviceaccounts/token ns:sa", true],
    ["create serviceaccounts/token ns:default", false],
    ["get leases.coordination.k8s.io kube-node-lease:a", true],
    ["get leases.coordination.k8s.io kube-node-lease:b", false],
    ["create leases.coordination.k8s.io kube-node-lease:", true],
    ["get leases.coordination.k8s.io kube-system:a", false],
    ["get csinodes.storage.k8s.io a", true],
    ["get nodes a", true],
    ["patch nodes/status a", true],
    ["get nodes b", false],
    ["list nodes", false],
    ["create nodes", true],
    ["delete nodes a", false],
    ["get pods ns:p", true],
    ["get pods ns:q", false],
    ["get pods ns:mirror", true],
    ["delete pods ns:p", true],
    ["patch pods/status ns:p", true],
    ["patch pods/status ns:q", false],
    ["update pods ns:p", false],
    ["get pods/log ns:p", false],
    ["list pods", false],
    ["list pods  spec.nodeName=a", true],
    ["watch pods  spec.nodeName=b", false],
    ["list pods  status.phase=a", false],
    ["create pods/eviction ns:p", true],
    ["list services", true],
    ["create services ns:x", false],
    ["create events ns:", true],
    ["list deployments.apps", false],
  ];
  const { authorizer } = cluster();
  for (const [request, allowed] of cases) {
    await t.step(request, () => {
      assert.equal(authorizer.authorize(attributes(request, "a")).allowed, allowed);
    });
  }
  await t.step("another node", () => {
    assert.deepEqual(authorizer.authorize(attributes("get secrets ns:pull", "b")), {
      allowed: false,
      reason: "no relationship found between node 'b' and this object",
    });
  });
  await t.step("what nodes are told of nodes", () => {
    const own = "only its own Node object";
    const reasons: [string, string][] = [
      ["get nodes b", `node 'a' cannot read 'b', ${own}`],
      ["list nodes", `node 'a' cannot read all nodes, ${own}`],
      ["watch nodes", `node 'a' cannot read all nodes, ${own}`],
      ["delete nodes a", ""],
      ["get nodes/proxy a", ""],
    ];
    for (const [request, reason] of reasons) {
      const decision = authorizer.authorize(attributes(request, "a"));
      assert.deepEqual(decision, { allowed: false, reason }, request);
    }
    // NodeRestriction holds it to its own.
    for (const request of ["update nodes b", "patch nodes b", "patch nodes/status b"]) {
      assert.equal(authorizer.authorize(attributes(request, "a")).allowed, true, request);
    }
  });
  await t.step("no node", () => {
    const request = attributes("list services", "a");
    const user = { username: "system:node:a", groups: ["system:authenticated"] };
    assert.deepEqual(authorizer.authorize({ ...request, user }), { allowed: false, reason: "" });
  });
});

Deno.test("NodeAuthorizer follows pods as they come and go", () => {
  const { authorizer, objects } = cluster();
  const may = (node: string) =>
    authorizer.authorize(attributes("get secrets ns:pull", node)).allowed;
  assert.deepEqual([may("a"), may("b")], [true, false]);
  objects.put("", "pods", {
    ...POD,
    metadata: { name: "r", namespace: "ns" },
    spec: { ...POD.spec, nodeName: "b" },
  });
  assert.deepEqual([may("a"), may("b")], [true, true]);
  objects.remove("", "pods", "ns", "p");
  assert.deepEqual([may("a"), may("b")], [false, true]);
});
