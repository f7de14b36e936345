import type { ClaimRecord } from "./claim_record.ts";
import type { VolumeRecord } from "./volume_record.ts";
import type { NodeTerms } from "./volume_view.ts";

/** True where a volume is kept for the claim: by uid, or by name alone as an administrator does beforehand. */
export function isReservedFor({ reservedFor }: VolumeRecord, claim: ClaimRecord): boolean {
  return reservedFor !== undefined && reservedFor.name === claim.name &&
    reservedFor.namespace === claim.namespace &&
    (reservedFor.uid === "" || reservedFor.uid === claim.uid);
}

function isLargeEnough(volume: VolumeRecord, claim: ClaimRecord): boolean {
  return volume.capacity >= claim.request && volume.volumeMode === claim.volumeMode &&
    volume.attributesClass === claim.attributesClass && !volume.deleting;
}

function isFreeFor(volume: VolumeRecord, claim: ClaimRecord): boolean {
  return volume.available && volume.className === claim.className &&
    claim.selector.matches(volume.labels) &&
    claim.accessModes.every((mode) => volume.accessModes.includes(mode));
}

/** Smallest first, by name where they are of one size. */
function bySize(a: VolumeRecord, b: VolumeRecord): number {
  if (a.capacity !== b.capacity) return a.capacity < b.capacity ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

interface Ranked {
  readonly rank: number;
  readonly volume: VolumeRecord;
}

/** The volumes that can be a claim's, by the nodes that reach them. */
export class Candidates {
  readonly #reserved: VolumeRecord | undefined;
  readonly #reservedOn: ReadonlySet<string> | undefined;
  /** Volumes that every node reaches. */
  readonly #everywhere: Ranked[] = [];
  readonly #byNode = new Map<string, Ranked[]>();

  constructor(claim: ClaimRecord, volumes: Iterable<VolumeRecord>, nodes: NodeTerms) {
    const free: VolumeRecord[] = [];
    for (const volume of volumes) {
      if (!isLargeEnough(volume, claim)) continue;
      if (isReservedFor(volume, claim)) {
        // Of several that are kept for it, the same one every time.
        if (this.#reserved === undefined || bySize(volume, this.#reserved) < 0) {
          this.#reserved = volume;
        }
      } else if (volume.reservedFor === undefined && isFreeFor(volume, claim)) free.push(volume);
    }
    if (this.#reserved !== undefined) {
      const terms = this.#reserved.nodeTerms;
      this.#reservedOn = terms === undefined ? undefined : nodes.matching(terms);
      return;
    }
    free.sort(bySize).forEach((volume, rank) => {
      if (volume.nodeTerms === undefined) {
        this.#everywhere.push({ rank, volume });
        return;
      }
      for (const node of nodes.matching(volume.nodeTerms)) {
        const known = this.#byNode.get(node);
        if (known === undefined) this.#byNode.set(node, [{ rank, volume }]);
        else known.push({ rank, volume });
      }
    });
  }

  /** Whether any node can have a volume that is there already. */
  get any(): boolean {
    return this.#reserved !== undefined || this.#everywhere.length > 0 || this.#byNode.size > 0;
  }

  /** What the claim gets on a node: what is kept for it, else the smallest that is not taken. */
  on(node: string, taken: ReadonlySet<string>): VolumeRecord | undefined {
    if (this.#reserved !== undefined) {
      const reaches = this.#reservedOn?.has(node) ?? true;
      return reaches && !taken.has(this.#reserved.name) ? this.#reserved : undefined;
    }
    const isFree = ({ volume }: Ranked) => !taken.has(volume.name);
    const local = this.#byNode.get(node)?.find(isFree);
    const wide = this.#everywhere.find(isFree);
    if (local === undefined || wide === undefined) return (local ?? wide)?.volume;
    return local.rank < wide.rank ? local.volume : wide.volume;
  }
}
