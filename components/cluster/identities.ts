import type { UserInfo } from "../apiserver/mod.ts";

const AUTHENTICATED = "system:authenticated";
const MASTERS = "system:masters";

/** Who the parts of one cluster are when they need no certificate to show it. */
export const USERS = {
  admin: { username: "kubernetes-admin", groups: [MASTERS, AUTHENTICATED] },
  scheduler: { username: "system:kube-scheduler", groups: [AUTHENTICATED] },
  // Alone, each controller is a service account of its own; in one process with the server they share one client.
  "controller-manager": {
    username: "system:kube-controller-manager",
    groups: [MASTERS, AUTHENTICATED],
  },
  /** The one watch of pods and nodes that hollow nodes share. */
  "hollow-nodes": { username: "system:kubemark", groups: [MASTERS, AUTHENTICATED] },
} as const satisfies Record<string, UserInfo>;

/** A node's kubelet. */
export function nodeUser(nodeName: string): UserInfo {
  return { username: `system:node:${nodeName}`, groups: ["system:nodes", AUTHENTICATED] };
}
