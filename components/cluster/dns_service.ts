import { hasReason } from "../base/mod.ts";
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  ENDPOINT_SLICES,
  type KubeObject,
  type ResourceType,
  SERVICE_ACCOUNTS,
  SERVICES,
} from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import type { ClusterNetwork } from "./network.ts";

const NAMESPACE = "kube-system";
const NAME = "kube-dns";
const LABELS = {
  "k8s-app": NAME,
  "kubernetes.io/cluster-service": "true",
  "kubernetes.io/name": "CoreDNS",
};

const ACCOUNT = "coredns";
const ROLE = "system:coredns";

/** Who cluster DNS is, in a certificate: the account that `ensureDnsService` gives its role. */
export const DNS_SUBJECT = { commonName: `system:serviceaccount:${NAMESPACE}:${ACCOUNT}` };

/** The account of cluster DNS and what it may see, as kubeadm sets them up. */
async function ensureDnsAccount(client: Client): Promise<void> {
  await apply(client, SERVICE_ACCOUNTS, ACCOUNT, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: ACCOUNT, namespace: NAMESPACE },
  });
  await apply(client, CLUSTER_ROLES, ROLE, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: ROLE },
    rules: [
      {
        apiGroups: [""],
        resources: ["endpoints", "services", "pods", "namespaces"],
        verbs: ["list", "watch"],
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  });
  await apply(client, CLUSTER_ROLE_BINDINGS, ROLE, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: ROLE },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: ROLE },
    subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace: NAMESPACE }],
  });
}

/** The Service under which pods find cluster DNS; every node's own server is an endpoint of it. */
export async function ensureDnsService(
  client: Client,
  network: ClusterNetwork,
  nodes: readonly { readonly name: string; readonly address: string }[],
): Promise<void> {
  await ensureDnsAccount(client);
  await apply(client, SERVICES, NAME, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      clusterIP: network.dnsAddress,
      clusterIPs: [network.dnsAddress],
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
      ],
    },
  });
  await apply(client, ENDPOINT_SLICES, NAME, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: {
        "kubernetes.io/service-name": NAME,
        "endpointslice.kubernetes.io/managed-by": "coracle",
      },
    },
    addressType: "IPv4",
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
    ],
    endpoints: nodes.map(({ name, address }) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: name,
    })),
  });
}

async function apply(
  client: Client,
  type: ResourceType<KubeObject>,
  name: string,
  object: KubeObject & Record<string, unknown>,
): Promise<void> {
  try {
    await client.patch(type, name, object, {
      type: "apply",
      fieldManager: "coracle",
      force: true,
      ...(type.namespaced ? { namespace: NAMESPACE } : {}),
    });
  } catch (error) {
    // Another start of the same cluster was faster.
    if (!hasReason(error, "AlreadyExists")) throw error;
  }
}
