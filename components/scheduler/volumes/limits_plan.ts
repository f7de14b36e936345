import type { Pod } from "../../api/mod.ts";
import { unresolvable, type Verdict } from "../framework/mod.ts";
import type { ClaimRecord } from "./claim_record.ts";
import { notOwned, podClaims } from "./pod_claims.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

export const TOO_MANY_VOLUMES = "node(s) exceed max volume count";

type LimitsView = Pick<VolumeView, "claim" | "volume" | "storageClass" | "csiNode">;

interface Attachment {
  readonly driver: string;
  /** The driver and its volume: what is attached once however many pods mount it. */
  readonly unique: string;
}

/** What is attached for a claim; for one without a volume, what its class's driver will attach. */
export function attachmentOf(claim: ClaimRecord, view: LimitsView): Attachment | undefined {
  if (claim.volumeName !== "") {
    const volume = view.volume(claim.volumeName);
    if (volume?.attachment !== undefined) {
      const { driver, handle } = volume.attachment;
      return { driver, unique: `${driver}/${handle}` };
    }
    // A volume that is there and has no driver is not counted.
    if (volume !== undefined) return undefined;
  }
  const driver = view.storageClass(claim.className)?.provisioner ?? "";
  // No handle begins with a line break, so that none is taken for a volume that is yet to be made.
  return driver === "" ? undefined : { driver, unique: `${driver}/\n${claim.key}` };
}

/** How many volumes of each driver the pod needs attached: whether a node's drivers can is asked node by node. */
export class LimitsPlan {
  readonly #view: LimitsView;
  readonly #used: UsedVolumes;
  /** What the API's attachments say is attached to a node: unique names of volumes. */
  readonly #attached: (node: string) => Iterable<string>;
  readonly #needs: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(
    needs: ReadonlyMap<string, ReadonlySet<string>>,
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
    return this.#needs.size > 0;
  }

  /** Whether a node's drivers can attach what the pod needs beside what they have attached. */
  fits(node: string): boolean {
    const limits = this.#view.csiNode(node)?.limits;
    if (limits === undefined || limits.size === 0) return true;
    let present: ReadonlyMap<string, ReadonlySet<string>> | undefined;
    for (const [driver, volumes] of this.#needs) {
      const limit = limits.get(driver);
      if (limit === undefined) continue;
      present ??= this.#presentOn(node);
      const there = present.get(driver);
      let count = there?.size ?? 0;
      let added = 0;
      for (const volume of volumes) if (there?.has(volume) !== true) added++;
      count += added;
      // What is there already needs no room, even on a node that has too much.
      if (added > 0 && count > limit) return false;
    }
    return true;
  }

  #presentOn(node: string): Map<string, Set<string>> {
    const present = new Map<string, Set<string>>();
    const note = (driver: string, unique: string) => {
      const known = present.get(driver);
      if (known === undefined) present.set(driver, new Set([unique]));
      else known.add(unique);
    };
    for (const key of this.#used.claimsOn(node)) {
      const claim = this.#view.claim(key);
      const attachment = claim === undefined ? undefined : attachmentOf(claim, this.#view);
      if (attachment !== undefined) note(attachment.driver, attachment.unique);
    }
    for (const unique of this.#attached(node)) note(unique.slice(0, unique.indexOf("/")), unique);
    return present;
  }
}

/** What a pod's claims need attached, by driver; or why that cannot be said. */
export function plannedAttachments(
  pod: Pod,
  view: LimitsView,
): ReadonlyMap<string, ReadonlySet<string>> | Verdict {
  const needs = new Map<string, Set<string>>();
  for (const { key, name, ephemeral } of podClaims(pod)) {
    const claim = view.claim(key);
    if (claim === undefined) {
      return unresolvable(`looking up PVC ${key}: persistentvolumeclaim "${name}" not found`);
    }
    if (ephemeral && claim.ownerPod !== pod.metadata?.uid) return unresolvable(notOwned(pod, key));
    const attachment = attachmentOf(claim, view);
    if (attachment === undefined) continue;
    const known = needs.get(attachment.driver);
    if (known === undefined) needs.set(attachment.driver, new Set([attachment.unique]));
    else known.add(attachment.unique);
  }
  return needs;
}
