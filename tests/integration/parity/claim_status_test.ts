/** Who may change which part of a ResourceClaim's status. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../components/base/mod.ts";
import { ParityServer } from "./parity_server.ts";
import { asAdmin } from "./security_peer.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const CLAIM = "/apis/resource.k8s.io/v1/namespaces/n/resourceclaims/c";
const STATUS = { apiGroups: ["resource.k8s.io"], resources: ["resourceclaims/status"] };

async function allow(server: ParityServer, name: string, ...rules: JsonObject[]): Promise<void> {
  await asAdmin(server, `POST ${RBAC}/clusterroles`, { metadata: { name }, rules });
  await asAdmin(server, `POST ${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
  });
}

Deno.test("parity: the status of a claim is changed by who may change that part of it", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("n");
  const status = { ...STATUS, verbs: ["get", "update", "patch"] };
  const synthetic = (subresource: string, verbs: string[], more: JsonObject = {}): JsonObject => ({
    apiGroups: ["resource.k8s.io"],
    resources: [`resourceclaims/${subresource}`],
    verbs,
    ...more,
  });
  const DRIVER = "system:serviceaccount:n:driver";
  await allow(server, "plain", status);
  await allow(server, "binder", status, synthetic("binding", ["patch"]));
  await allow(
    server,
    DRIVER,
    status,
    synthetic("driver", ["associated-node:patch"], { resourceNames: ["gpu.test"] }),
  );
  await allow(server, "central", status, synthetic("driver", ["arbitrary-node:patch"]));
  await asAdmin(server, "POST /apis/resource.k8s.io/v1/namespaces/n/resourceclaims", {
    metadata: { name: "c" },
    spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "d" } }] } },
  });
  const patch = async (username: string, body: JsonObject, node?: string) => {
    const response = await server.server.handle(
      new Request(`http://server${CLAIM}/status`, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ status: body }),
      }),
      {
        address: "test",
        user: {
          username,
          groups: ["system:authenticated"],
          ...(node === undefined
            ? {}
            : { extra: { "authentication.kubernetes.io/node-name": [node] } }),
        },
      },
    );
    const text = await response.json();
    return response.status === 200 ? 200 : [response.status, text.reason, text.message];
  };
  const result = (driver: string) => ({ request: "r", driver, pool: "p", device: "d" });
  const allocation = {
    devices: { results: [result("gpu.test"), result("nic.test")] },
    nodeSelector: {
      nodeSelectorTerms: [{
        matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }],
      }],
    },
  };
  const device = (driver: string) => ({ driver, pool: "p", device: "d" });
  const invalid = (message: string) => [
    422,
    "Invalid",
    `ResourceClaim.resource.k8s.io "c" is invalid: ${message}`,
  ];
  const refused = (verbs: string, user: string, verb: string, driver: string) =>
    `status.devices: Forbidden: changing status.devices requires ` +
    `resource="resourceclaims/driver", verb="[${verbs}]" permission: ` +
    `resourceclaims.resource.k8s.io "${driver}" is forbidden: User "${user}" cannot ${verb} ` +
    'resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "n"';
  assert.deepEqual(
    await patch("plain", { allocation }),
    invalid(
      "status: Forbidden: changing status.allocation or status.reservedFor requires " +
        'resource="resourceclaims/binding", verb="patch" permission: ' +
        'resourceclaims.resource.k8s.io is forbidden: User "plain" cannot patch resource ' +
        '"resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
    ),
  );
  assert.equal(await patch("binder", { allocation }), 200);
  const devices = [device("gpu.test")];
  assert.deepEqual(
    await patch("binder", { devices }),
    invalid(refused("arbitrary-node:patch", "binder", "arbitrary-node:patch", "gpu.test")),
  );
  assert.deepEqual(
    await patch(DRIVER, { devices }, "b"),
    invalid(refused("arbitrary-node:patch", DRIVER, "arbitrary-node:patch", "gpu.test")),
  );
  assert.equal(await patch(DRIVER, { devices }, "a"), 200);
  assert.deepEqual(
    await patch(DRIVER, { devices: [...devices, device("nic.test")] }, "a"),
    invalid(
      refused(
        "associated-node:patch arbitrary-node:patch",
        DRIVER,
        "associated-node:patch",
        "nic.test",
      ),
    ),
  );
  assert.equal(await patch("central", { devices: [...devices, device("nic.test")] }), 200);
  assert.equal(await patch("plain", {}), 200, "what changes nothing needs nothing");
});
