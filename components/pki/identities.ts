import type { Subject } from "./certificate.ts";

/** The group that may do everything, whatever RBAC says. */
const MASTERS = "system:masters";

/** The users that a cluster's own programs are, by the names kubeadm gives their files. */
export const CLIENT_SUBJECTS = {
  admin: { commonName: "kubernetes-admin", organizations: [MASTERS] },
  "controller-manager": { commonName: "system:kube-controller-manager" },
  scheduler: { commonName: "system:kube-scheduler" },
  "kube-proxy": { commonName: "system:kube-proxy" },
  "apiserver-kubelet-client": {
    commonName: "kube-apiserver-kubelet-client",
    organizations: [MASTERS],
  },
  apiserver: { commonName: "system:apiserver", organizations: [MASTERS] },
} as const satisfies Record<string, Subject>;

/** The user a node's kubelet is. */
export const nodeSubject = (nodeName: string): Subject => ({
  commonName: `system:node:${nodeName}`,
  organizations: ["system:nodes"],
});

/** The user that the aggregation layer is when it speaks for others. */
export const FRONT_PROXY_SUBJECT: Subject = { commonName: "front-proxy-client" };

/** The names under which pods and people reach an API server, beside its own addresses. */
export function apiServerNames(clusterDomain = "cluster.local"): string[] {
  return [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${clusterDomain}`,
  ];
}
