import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/mod.ts";
import { classOf } from "./match.ts";

/** Names by a group that each is in, such as volumes by their class. */
class Groups {
  readonly #members = new Map<string, Set<string>>();
  readonly #groupOf = new Map<string, string>();

  /** Into its group, out of the one where it was; into none where it is undefined. */
  put(name: string, group: string | undefined): void {
    const before = this.#groupOf.get(name);
    if (before === group) return;
    if (before !== undefined) {
      const members = this.#members.get(before);
      members?.delete(name);
      if (members?.size === 0) this.#members.delete(before);
      this.#groupOf.delete(name);
    }
    if (group === undefined) return;
    this.#groupOf.set(name, group);
    const members = this.#members.get(group);
    if (members === undefined) this.#members.set(group, new Set([name]));
    else members.add(name);
  }

  of(group: string): Iterable<string> {
    return this.#members.get(group) ?? [];
  }
}

/** Who may belong to whom, so that nobody looks through all of them. Bounded by claims, volumes and pods there are. */
export class VolumeIndex {
  readonly #reserved = new Groups();
  readonly #free = new Groups();
  readonly #pending = new Groups();
  /** Pods without a node, by the claims that they mount. */
  readonly #waiting = new Map<string, Set<string>>();

  putVolume(name: string, volume: PersistentVolume | undefined): void {
    const reference = volume?.spec?.claimRef;
    this.#reserved.put(
      name,
      reference === undefined ? undefined : `${reference.namespace}/${reference.name}`,
    );
    const isFree = volume !== undefined && reference === undefined;
    this.#free.put(name, isFree ? classOf(volume) : undefined);
  }

  putClaim(key: string, claim: PersistentVolumeClaim | undefined): void {
    const isPending = claim !== undefined && (claim.spec?.volumeName ?? "") === "";
    this.#pending.put(key, isPending ? classOf(claim) : undefined);
  }

  putPod(key: string, pod: Pod | undefined, before: Pod | undefined): void {
    for (const claim of waitsFor(before)) {
      const pods = this.#waiting.get(claim);
      pods?.delete(key);
      if (pods?.size === 0) this.#waiting.delete(claim);
    }
    for (const claim of waitsFor(pod)) {
      const pods = this.#waiting.get(claim);
      if (pods === undefined) this.#waiting.set(claim, new Set([key]));
      else pods.add(key);
    }
  }

  /** Names of the volumes that name a claim. */
  reservedFor(claim: string): Iterable<string> {
    return this.#reserved.of(claim);
  }

  /** Names of the volumes of a class that name no claim. */
  freeOf(className: string): Iterable<string> {
    return this.#free.of(className);
  }

  /** Keys of the claims of a class without a volume. */
  pendingOf(className: string): Iterable<string> {
    return this.#pending.of(className);
  }

  /** Names of the pods that have no node yet and mount a claim. */
  podsWaitingFor(claim: string): string[] {
    return [...this.#waiting.get(claim) ?? []].map((key) => key.slice(key.indexOf("/") + 1)).sort();
  }
}

function waitsFor(pod: Pod | undefined): string[] {
  if (pod?.spec?.volumes === undefined || (pod.spec.nodeName ?? "") !== "") return [];
  const { name, namespace } = pod.metadata ?? {};
  return pod.spec.volumes.flatMap((volume) => {
    const claim = volume.persistentVolumeClaim?.claimName ??
      (volume.ephemeral === undefined ? undefined : `${name}-${volume.name}`);
    return claim === undefined ? [] : [`${namespace}/${claim}`];
  });
}
