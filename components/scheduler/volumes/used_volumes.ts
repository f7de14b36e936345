import type { Pod } from "../../api/mod.ts";
import { type Disk, podDisks } from "./disks.ts";
import { mountsClaims, podClaims } from "./pod_claims.ts";

/** What the pods of nodes mount that matters to others. */
export interface PodVolumes {
  /** `namespace/name` of its claims. */
  readonly claims: readonly string[];
  readonly disks: readonly Disk[];
}

/** What a pod mounts; undefined for nearly every pod, which mounts nothing of the kind. */
export function podVolumes(pod: Pod): PodVolumes | undefined {
  if (pod.spec?.volumes === undefined) return undefined;
  const claims = mountsClaims(pod) ? podClaims(pod).map(({ key }) => key) : [];
  const disks = podDisks(pod);
  return claims.length === 0 && disks.length === 0 ? undefined : { claims, disks };
}

interface Holder extends PodVolumes {
  readonly node: string;
}

/** Which pods with a node, or assumed to have it, mount which claims and disks. Bounded by the pods of the cluster. */
export class UsedVolumes {
  readonly #pods = new Map<string, Holder>();
  /** uids of pods, by node, by claim, and by disk. */
  readonly #onNode = new Map<string, Set<string>>();
  readonly #ofClaim = new Map<string, Set<string>>();
  readonly #ofDisk = new Map<string, Set<string>>();
  /** Called when a pod goes away, by its uid. */
  readonly #watchers = new Map<string, () => void>();

  put(uid: string, node: string, volumes: PodVolumes): void {
    this.#take(uid);
    this.#pods.set(uid, { ...volumes, node });
    add(this.#onNode, node, uid);
    for (const claim of volumes.claims) add(this.#ofClaim, claim, uid);
    for (const { key } of volumes.disks) add(this.#ofDisk, key, uid);
  }

  remove(uid: string): void {
    this.#take(uid);
    this.#watchers.get(uid)?.();
  }

  /** Calls back when a pod is removed, until it is told to stop; one at a time for a pod. */
  onRemoved(uid: string, callback: () => void): () => void {
    this.#watchers.set(uid, callback);
    return () => this.#watchers.delete(uid);
  }

  #take(uid: string): void {
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    take(this.#onNode, known.node, uid);
    for (const claim of known.claims) take(this.#ofClaim, claim, uid);
    for (const { key } of known.disks) take(this.#ofDisk, key, uid);
  }

  /** uids of the pods that mount a claim. */
  usersOf(claim: string): ReadonlySet<string> {
    return this.#ofClaim.get(claim) ?? NOBODY;
  }

  /** The pods that mount a disk in a way that conflicts, each with its node. */
  *inConflict({ key, readOnly }: Disk): Iterable<{ readonly uid: string; readonly node: string }> {
    for (const uid of this.#ofDisk.get(key) ?? NOBODY) {
      const holder = this.#pods.get(uid);
      const clashes = holder?.disks.some((disk) =>
        disk.key === key && !(disk.readOnly && readOnly)
      );
      if (holder !== undefined && clashes === true) yield { uid, node: holder.node };
    }
  }

  /** The claims that pods of a node mount; one that several mount comes several times. */
  *claimsOn(node: string): Iterable<string> {
    for (const uid of this.#onNode.get(node) ?? NOBODY) {
      yield* this.#pods.get(uid)?.claims ?? [];
    }
  }

  get size(): number {
    return this.#pods.size;
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function add(index: Map<string, Set<string>>, key: string, uid: string): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([uid]));
  else known.add(uid);
}

function take(index: Map<string, Set<string>>, key: string, uid: string): void {
  const known = index.get(key);
  known?.delete(uid);
  if (known?.size === 0) index.delete(key);
}
