/** How high a group stands among groups, and a version within its group; higher is listed first. */
export interface Priority {
  readonly group: number;
  readonly version: number;
}

/** Upstream's priorities of the built-in groups, and of versions where they differ from 15. */
const GROUPS: Readonly<Record<string, number>> = {
  "": 18_000,
  "apiregistration.k8s.io": 20_000,
  "apps": 17_800,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  "autoscaling": 17_500,
  "batch": 17_400,
  "certificates.k8s.io": 17_300,
  "networking.k8s.io": 17_200,
  "policy": 17_100,
  "rbac.authorization.k8s.io": 17_000,
  "storage.k8s.io": 16_800,
  "apiextensions.k8s.io": 16_700,
  "admissionregistration.k8s.io": 16_700,
  "scheduling.k8s.io": 16_600,
  "coordination.k8s.io": 16_500,
  "node.k8s.io": 16_300,
  "discovery.k8s.io": 16_200,
  "resource.k8s.io": 16_200,
  "flowcontrol.apiserver.k8s.io": 16_100,
};
const VERSIONS: Readonly<Record<string, number>> = {
  "/v1": 1,
  "autoscaling/v2": 30,
  "resource.k8s.io/v1": 21,
  "flowcontrol.apiserver.k8s.io/v1": 21,
};
const BUILTIN_VERSION = 15;
/** Every group that comes from custom resource definitions. */
const CUSTOM: Priority = { group: 1_000, version: 100 };

/** Upstream's priority of a served version; that of custom resources for groups that are not built in. */
export function priorityOf(group: string, version: string): Priority {
  const known = GROUPS[group];
  if (known === undefined) return CUSTOM;
  return { group: known, version: VERSIONS[`${group}/${version}`] ?? BUILTIN_VERSION };
}

/** Orders versions as Kubernetes does: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (left === undefined || right === undefined) {
    if (left !== undefined) return -1;
    if (right !== undefined) return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return right.stage - left.stage || right.major - left.major || right.minor - left.minor;
}

function parseVersion(
  text: string,
): { stage: number; major: number; minor: number } | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(text);
  if (match === null) return undefined;
  const stage = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
  return { stage, major: Number(match[1]), minor: Number(match[3] ?? 0) };
}
