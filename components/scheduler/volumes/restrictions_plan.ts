import type { Pod } from "../../api/mod.ts";
import { unresolvable, type Verdict } from "../framework/mod.ts";
import { podDisks } from "./disks.ts";
import { podClaims } from "./pod_claims.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

export const DISK_CONFLICT = "node(s) had no available disk";
export const CLAIM_IN_USE =
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";

/** What others hold that the pod needs for itself. */
export interface RestrictionsPlan {
  /** Nodes on which a pod holds a disk of this pod's. */
  readonly diskConflicts: ReadonlySet<string>;
  /** uids of the pods that hold a claim which one pod alone may hold; each may be preempted where it runs. */
  readonly claimHolders: ReadonlySet<string>;
}

export function planRestrictions(
  pod: Pod,
  view: Pick<VolumeView, "claim">,
  used: UsedVolumes,
): RestrictionsPlan | Verdict {
  const claimHolders = new Set<string>();
  for (const { key, name, ephemeral } of podClaims(pod)) {
    // A claim that is made for one pod has no other users.
    if (ephemeral) continue;
    const claim = view.claim(key);
    if (claim === undefined) return unresolvable(`persistentvolumeclaim "${name}" not found`);
    if (!claim.accessModes.includes("ReadWriteOncePod")) continue;
    for (const uid of used.usersOf(key)) if (uid !== pod.metadata?.uid) claimHolders.add(uid);
  }
  const diskConflicts = new Set<string>();
  for (const disk of podDisks(pod)) {
    for (const node of used.nodesInConflict(disk)) diskConflicts.add(node);
  }
  return { diskConflicts, claimHolders };
}

/** Why a node cannot have the pod. `leaving` are pods that would be removed from it. */
export function restrictedOn(
  { diskConflicts, claimHolders }: RestrictionsPlan,
  node: string,
  leaving: ReadonlySet<string> = NOBODY,
): string | undefined {
  if (diskConflicts.has(node)) return DISK_CONFLICT;
  for (const uid of claimHolders) if (!leaving.has(uid)) return CLAIM_IN_USE;
  return undefined;
}

const NOBODY: ReadonlySet<string> = new Set();
