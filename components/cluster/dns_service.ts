import { hasReason } from "../base/mod.ts";
import { ENDPOINT_SLICES, type KubeObject, type ResourceType, SERVICES } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import type { ClusterNetwork } from "./network.ts";

const NAMESPACE = "kube-system";
const NAME = "kube-dns";
const LABELS = {
  "k8s-app": NAME,
  "kubernetes.io/cluster-service": "true",
  "kubernetes.io/name": "CoreDNS",
};

/** The Service under which pods find cluster DNS; every node's own server is an endpoint of it. */
export async function ensureDnsService(
  client: Client,
  network: ClusterNetwork,
  nodes: readonly { readonly name: string; readonly address: string }[],
): Promise<void> {
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
      namespace: NAMESPACE,
    });
  } catch (error) {
    // Another start of the same cluster was faster.
    if (!hasReason(error, "AlreadyExists")) throw error;
  }
}
