import type { Pod } from "../../api/mod.ts";
import { type PluginRule, unresolvable, type Verdict } from "../framework/mod.ts";
import { podDisks } from "./disks.ts";
import { podClaims } from "./pod_claims.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

export const DISK_CONFLICT = "node(s) had no available disk";
export const CLAIM_IN_USE =
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";

/** What others hold that the pod needs for itself. */
export interface RestrictionsPlan {
  /** uids of the pods that hold a disk of this pod's, by their node. */
  readonly diskHolders: ReadonlyMap<string, ReadonlySet<string>>;
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
  const diskHolders = new Map<string, Set<string>>();
  for (const disk of podDisks(pod)) {
    for (const { node, uid } of used.inConflict(disk)) {
      const known = diskHolders.get(node);
      if (known === undefined) diskHolders.set(node, new Set([uid]));
      else known.add(uid);
    }
  }
  return { diskHolders, claimHolders };
}

/** The nodes that are refused, each rule until those who hold what is wanted have left. */
export function restrictions({ claimHolders, diskHolders }: RestrictionsPlan): PluginRule[] {
  const rules: PluginRule[] = [];
  for (const [node, holders] of diskHolders) {
    rules.push({
      reason: DISK_CONFLICT,
      unresolvable: false,
      except: [node],
      holders: [...holders],
    });
  }
  if (claimHolders.size === 0) return rules;
  // What a disk refuses already is not refused twice.
  return [...rules, {
    reason: CLAIM_IN_USE,
    unresolvable: false,
    names: [...diskHolders.keys()],
    holders: [...claimHolders],
  }];
}
