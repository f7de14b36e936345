import { type Clock, equalJson, timestamp } from "../../base/mod.ts";
import {
  CONFIG_MAPS,
  NAMESPACES,
  PRIORITY_CLASSES,
  type PriorityClass,
  SERVICE_CIDRS,
} from "../../api/served.ts";
import type { FrontProxies } from "../authn/mod.ts";
import type { Ensurer } from "./ensure.ts";

/** Namespaces that every cluster has. */
export const SYSTEM_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

export async function ensureNamespaces(ensurer: Ensurer): Promise<void> {
  await Promise.all(
    SYSTEM_NAMESPACES.map((name) => ensurer.ensure(NAMESPACES, { metadata: { name } })),
  );
}

/** The two classes above what users may have. */
export const SYSTEM_PRIORITY_CLASSES: readonly PriorityClass[] = [
  {
    metadata: { name: "system-node-critical" },
    value: 2000001000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    metadata: { name: "system-cluster-critical" },
    value: 2000000000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
];

export async function ensurePriorityClasses(ensurer: Ensurer): Promise<void> {
  await Promise.all(
    SYSTEM_PRIORITY_CLASSES.map((priority) => ensurer.ensure(PRIORITY_CLASSES, priority)),
  );
}

const SERVICE_CIDR_NAME = "kubernetes";

/** The range of service addresses that the server was started with, as an object. */
export async function ensureServiceCidr(
  ensurer: Ensurer,
  cidrs: readonly string[],
  clock: Clock,
): Promise<void> {
  const spec = { cidrs: [...cidrs] };
  await ensurer.ensure(SERVICE_CIDRS, { metadata: { name: SERVICE_CIDR_NAME }, spec });
  await ensurer.ensureStatus(SERVICE_CIDRS, SERVICE_CIDR_NAME, (existing) => {
    const conditions = existing.status?.conditions ?? [];
    if (conditions.some(({ type }) => type === "Ready")) return undefined;
    const ready = {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes default Service CIDR is ready",
      lastTransitionTime: timestamp(clock.now()),
    };
    return { ...existing, status: { conditions: [...conditions, ready] } };
  });
}

/** What extension API servers need to know to trust this one. PEM. */
export interface AuthenticationInfo {
  readonly clientAuthority: string;
  readonly frontProxies: FrontProxies;
}

export async function ensureAuthenticationInfo(
  ensurer: Ensurer,
  info: AuthenticationInfo,
  clock: Clock,
): Promise<void> {
  const { frontProxies: proxies } = info;
  const data = {
    "client-ca-file": info.clientAuthority,
    "requestheader-allowed-names": JSON.stringify(proxies.allowedNames),
    "requestheader-client-ca-file": proxies.authority,
    "requestheader-extra-headers-prefix": JSON.stringify(proxies.extraPrefixes),
    "requestheader-group-headers": JSON.stringify(proxies.groupHeaders),
    "requestheader-uid-headers": JSON.stringify(proxies.uidHeaders),
    "requestheader-username-headers": JSON.stringify(proxies.usernameHeaders),
  };
  await Promise.all([
    ensurer.ensure(
      CONFIG_MAPS,
      {
        metadata: { name: "extension-apiserver-authentication", namespace: "kube-system" },
        data,
      },
      (existing) => equalJson(existing.data, data) ? undefined : { ...existing, data },
    ),
    ensurer.ensure(CONFIG_MAPS, {
      metadata: {
        name: "kube-apiserver-legacy-service-account-token-tracking",
        namespace: "kube-system",
      },
      data: { since: timestamp(clock.now()).slice(0, 10) },
    }),
  ]);
}
