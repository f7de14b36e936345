import type { Pod } from "../../api/mod.ts";
import { unresolvable, type Verdict } from "../framework/mod.ts";
import type { ClaimRecord } from "./claim_record.ts";
import { driverOf } from "./migrated_plugin.ts";
import { notOwned, podClaims } from "./pod_claims.ts";
import type { CsiNodeRecord } from "./storage_records.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

export const TOO_MANY_VOLUMES = "node(s) exceed max volume count";

type LimitsView = Pick<VolumeView, "claim" | "volume" | "storageClass" | "csiNode">;

interface Attachment {
  readonly driver: string;
  /** The driver and its volume: what is attached once however many pods mount it. */
  readonly unique: string;
  readonly plugin?: string;
}

/** What is attached for a claim; for one without a volume, what its class's driver will attach. */
export function attachmentOf(claim: ClaimRecord, view: LimitsView): Attachment | undefined {
  if (claim.volumeName !== "") {
    const volume = view.volume(claim.volumeName);
    if (volume?.attachment !== undefined) {
      const { handle, ...by } = volume.attachment;
      return { ...by, unique: `${by.driver}/${handle}` };
    }
    // A volume that is there and has no driver is not counted.
    if (volume !== undefined) return undefined;
  }
  const by = driverOf(view.storageClass(claim.className)?.provisioner ?? "");
  // No handle begins with a line break, so that none is taken for a volume that is yet to be made.
  return by.driver === "" ? undefined : { ...by, unique: `${by.driver}/\n${claim.key}` };
}

/** How many volumes of each driver the pod needs attached: whether a node's drivers can is asked node by node. */
export class LimitsPlan {
  readonly #view: LimitsView;
  readonly #used: UsedVolumes;
  /** What the API's attachments say is attached to a node: unique names of volumes. */
  readonly #attached: (node: string) => Iterable<string>;
  readonly #needs: readonly Attachment[];

  constructor(
    needs: readonly Attachment[],
    view: LimitsView,
    used: UsedVolumes,
    attached: (node: string) => Iterable<string>,
  ) {
    this.#needs = needs;
    this.#view = view;
    this.#used = used;
    this.#attached = attached;
  }

  /** Whether anything is to be attached at all. */
  get any(): boolean {
    return this.#needs.length > 0;
  }

  /** Whether a node's drivers can attach what the pod needs beside what they have attached. */
  fits(node: string): boolean {
    const csiNode = this.#view.csiNode(node);
    if (csiNode === undefined || csiNode.limits.size === 0) return true;
    const { limits } = csiNode;
    const needs = byDriver(this.#needs.filter((one) => limits.has(one.driver)), csiNode);
    if (needs.size === 0) return true;
    const present = this.#presentOn(csiNode);
    for (const [driver, volumes] of needs) {
      const there = present.get(driver);
      let added = 0;
      for (const volume of volumes) if (there?.has(volume) !== true) added++;
      // What is there already needs no room, even on a node that has too much.
      if (added > 0 && (there?.size ?? 0) + added > (limits.get(driver) ?? 0)) return false;
    }
    return true;
  }

  #presentOn(csiNode: CsiNodeRecord): Map<string, Set<string>> {
    const attachments: Attachment[] = [];
    for (const key of this.#used.claimsOn(csiNode.name)) {
      const claim = this.#view.claim(key);
      const attachment = claim === undefined ? undefined : attachmentOf(claim, this.#view);
      if (attachment !== undefined) attachments.push(attachment);
    }
    for (const unique of this.#attached(csiNode.name)) {
      attachments.push({ driver: unique.slice(0, unique.indexOf("/")), unique });
    }
    return byDriver(attachments, csiNode);
  }
}

/** Unique names of volumes by driver, but for those of plugins that the node has not handed over. */
function byDriver(
  attachments: readonly Attachment[],
  { migrated }: CsiNodeRecord,
): Map<string, Set<string>> {
  const volumes = new Map<string, Set<string>>();
  for (const { driver, plugin, unique } of attachments) {
    if (plugin !== undefined && !migrated.includes(plugin)) continue;
    const known = volumes.get(driver);
    if (known === undefined) volumes.set(driver, new Set([unique]));
    else known.add(unique);
  }
  return volumes;
}

/** What a pod's claims need attached; or why that cannot be said. */
export function plannedAttachments(pod: Pod, view: LimitsView): readonly Attachment[] | Verdict {
  const needs: Attachment[] = [];
  for (const { key, name, ephemeral } of podClaims(pod)) {
    const claim = view.claim(key);
    if (claim === undefined) {
      return unresolvable(`looking up PVC ${key}: persistentvolumeclaim "${name}" not found`);
    }
    if (ephemeral && claim.ownerPod !== pod.metadata?.uid) return unresolvable(notOwned(pod, key));
    const attachment = attachmentOf(claim, view);
    if (attachment !== undefined) needs.push(attachment);
  }
  return needs;
}
