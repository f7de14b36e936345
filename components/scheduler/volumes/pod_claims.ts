import type { Pod } from "../../api/mod.ts";
import { unresolvable, type Verdict } from "../framework/mod.ts";
import type { ClaimRecord } from "./claim_record.ts";
import type { VolumeView } from "./volume_view.ts";

/** One claim that a pod mounts. */
export interface PodClaim {
  /** `namespace/name`. */
  readonly key: string;
  readonly name: string;
  /** The claim is made for this pod's ephemeral volume. */
  readonly ephemeral: boolean;
}

/** Whether a pod mounts any claim. */
export function mountsClaims(pod: Pod): boolean {
  const volumes = pod.spec?.volumes;
  if (volumes === undefined) return false;
  for (const volume of volumes) {
    if (volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined) return true;
  }
  return false;
}

/** The claims that a pod mounts, in the order of its volumes. */
export function podClaims(pod: Pod): PodClaim[] {
  const { name: podName = "", namespace = "" } = pod.metadata ?? {};
  const claims: PodClaim[] = [];
  for (const { name: volume = "", persistentVolumeClaim, ephemeral } of pod.spec?.volumes ?? []) {
    const name = persistentVolumeClaim?.claimName ??
      (ephemeral === undefined ? undefined : `${podName}-${volume}`);
    if (name === undefined) continue;
    claims.push({ key: `${namespace}/${name}`, name, ephemeral: ephemeral !== undefined });
  }
  return claims;
}

/** Upstream's text for a claim that is none of the pod's own. */
export function notOwned(pod: Pod, key: string): string {
  return `PVC "${key}" was not created for pod "${pod.metadata?.namespace}/${pod.metadata?.name}" (pod is not owner)`;
}

/** A pod's claims by what is to be done for them. */
export interface SortedClaims {
  /** Their volumes say where the pod may run. */
  readonly bound: readonly ClaimRecord[];
  /** A volume is found or made for them when the pod has its node. */
  readonly delayed: readonly ClaimRecord[];
}

/** What a pod's claims ask for, or why it cannot run anywhere as they are. */
export function sortClaims(
  pod: Pod,
  view: Pick<VolumeView, "claim" | "storageClass">,
): SortedClaims | Verdict {
  const records: ClaimRecord[] = [];
  for (const { key, name, ephemeral } of podClaims(pod)) {
    const claim = view.claim(key);
    if (claim === undefined) {
      return unresolvable(
        ephemeral
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
          : `persistentvolumeclaim "${name}" not found`,
      );
    }
    if (claim.lost) {
      return unresolvable(
        `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.volumeName}"`,
      );
    }
    if (claim.deleting) {
      return unresolvable(`persistentvolumeclaim "${name}" is being deleted`);
    }
    if (ephemeral && claim.ownerPod !== pod.metadata?.uid) {
      return unresolvable(notOwned(pod, key));
    }
    if (!records.includes(claim)) records.push(claim);
  }
  const bound: ClaimRecord[] = [];
  const delayed: ClaimRecord[] = [];
  let immediate = false;
  for (const claim of records) {
    if (claim.bound) bound.push(claim);
    else if (claim.volumeName === "" && view.storageClass(claim.className)?.waits === true) {
      delayed.push(claim);
    } else immediate = true;
  }
  if (immediate) return unresolvable("pod has unbound immediate PersistentVolumeClaims");
  return { bound, delayed };
}

export function isVerdict(value: object): value is Verdict {
  return "code" in value;
}
