import type { Pod, ResourceClaim } from "../../api/mod.ts";
import { isController } from "../volumes/ownership.ts";

/** Whether a pod asks for claims of devices. */
export function asksForClaims(pod: Pod): boolean {
  return (pod.spec?.resourceClaims?.length ?? 0) > 0;
}

/** A claim's name; `owned` where it must be made for the pod. Undefined: none is needed after all. */
interface NamedClaim {
  readonly name: string | undefined;
  readonly owned: boolean;
}

/** The names of a pod's claims, or upstream's text where one is not made yet. */
export function claimNames(pod: Pod): readonly NamedClaim[] | string {
  const names: NamedClaim[] = [];
  for (const { name, resourceClaimName } of pod.spec?.resourceClaims ?? []) {
    if (resourceClaimName !== undefined) {
      names.push({ name: resourceClaimName, owned: false });
      continue;
    }
    const status = pod.status?.resourceClaimStatuses?.find((one) => one.name === name);
    if (status === undefined) {
      return `pod "${pod.metadata?.namespace}/${pod.metadata?.name}": ResourceClaim not created yet`;
    }
    names.push({ name: status.resourceClaimName, owned: true });
  }
  return names;
}

/** The claims of a pod, or why they are not all there. */
export function podResourceClaims(
  pod: Pod,
  claimOf: (key: string) => ResourceClaim | undefined,
): readonly ResourceClaim[] | string {
  const names = claimNames(pod);
  if (typeof names === "string") return names;
  const claims: ResourceClaim[] = [];
  for (const { name, owned } of names) {
    if (name === undefined) continue;
    const key = `${pod.metadata?.namespace}/${name}`;
    const claim = claimOf(key);
    if (claim === undefined) return `could not find ResourceClaim "${key}"`;
    if (claim.metadata?.deletionTimestamp !== undefined) {
      return `resourceclaim "${name}" is being deleted`;
    }
    const owner = claim.metadata?.ownerReferences?.find(isController)?.uid;
    if (owned && owner !== pod.metadata?.uid) {
      return `ResourceClaim ${key} was not created for pod ${pod.metadata?.namespace}/${pod.metadata?.name} (pod is not owner)`;
    }
    if (!claims.includes(claim)) claims.push(claim);
  }
  return claims;
}

/** Pods that one claim can be reserved for. */
const RESERVATIONS_MAXIMUM = 256;

export function isReservedFor(claim: ResourceClaim, pod: Pod): boolean {
  return (claim.status?.reservedFor ?? []).some(({ uid }) => uid === pod.metadata?.uid);
}

/** Whether an allocated claim can be the pod's as well. */
export function canBeReserved(claim: ResourceClaim): boolean {
  return (claim.status?.reservedFor ?? []).length < RESERVATIONS_MAXIMUM;
}
