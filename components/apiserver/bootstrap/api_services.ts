import { type Clock, timestamp } from "../../base/mod.ts";
import { API_SERVICES, type APIService } from "../../api/served.ts";
import type { Ensurer } from "./ensure.ts";

/** Priorities of groups in discovery, and of versions where they are not the usual one. */
const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  "": 18000,
  "events.k8s.io": 17750,
  "apps": 17800,
  "authentication.k8s.io": 17700,
  "authorization.k8s.io": 17600,
  "autoscaling": 17500,
  "batch": 17400,
  "certificates.k8s.io": 17300,
  "networking.k8s.io": 17200,
  "policy": 17100,
  "rbac.authorization.k8s.io": 17000,
  "storage.k8s.io": 16800,
  "apiextensions.k8s.io": 16700,
  "admissionregistration.k8s.io": 16700,
  "scheduling.k8s.io": 16600,
  "coordination.k8s.io": 16500,
  "node.k8s.io": 16300,
  "discovery.k8s.io": 16200,
  "flowcontrol.apiserver.k8s.io": 16100,
  "internal.apiserver.k8s.io": 16000,
  "resource.k8s.io": 15900,
  "storagemigration.k8s.io": 15800,
};
const VERSION_PRIORITIES: Readonly<Record<string, number>> = {
  "/v1": 1,
  "autoscaling/v2": 30,
  "events.k8s.io/v1": 5,
  "flowcontrol.apiserver.k8s.io/v1": 21,
};
const OTHER_GROUP_PRIORITY = 1000;
const OTHER_VERSION_PRIORITY = 15;

/** The priority of a group and version in discovery: higher comes first. */
export function apiPriority(group: string, version: string): { group: number; version: number } {
  return {
    group: GROUP_PRIORITIES[group] ?? OTHER_GROUP_PRIORITY,
    version: VERSION_PRIORITIES[`${group}/${version}`] ?? OTHER_VERSION_PRIORITY,
  };
}

/** One APIService for each version that this server answers itself. */
export async function ensureApiServices(
  ensurer: Ensurer,
  versions: readonly { readonly group: string; readonly version: string }[],
  clock: Clock,
): Promise<void> {
  const condition = {
    type: "Available",
    status: "True",
    reason: "Local",
    message: "Local APIServices are always available",
    lastTransitionTime: timestamp(clock.now()),
  };
  const local = new Map(versions.map((each) => [`${each.version}.${each.group}`, each]));
  await Promise.all([...local].map(async ([name, { group, version }]) => {
    await ensurer.ensure(API_SERVICES, apiService(group, version));
    await ensurer.ensureStatus(API_SERVICES, name, (existing) => {
      const known = existing.status?.conditions?.some(({ type, reason }) =>
        type === condition.type && reason === condition.reason
      );
      return known ? undefined : { ...existing, status: { conditions: [condition] } };
    });
  }));
}

function apiService(group: string, version: string): APIService {
  const priority = apiPriority(group, version);
  return {
    metadata: {
      name: `${version}.${group}`,
      labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" },
    },
    spec: {
      ...(group === "" ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  };
}
