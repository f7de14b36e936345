import type { AllocationResult, DeviceClass, Pod, ResourceClaim } from "../../api/mod.ts";
import { isController } from "../volumes/ownership.ts";
import { AllocatedDevices } from "./allocated_devices.ts";
import { EXTENDED_CLAIM, ExtendedResources, servedResources } from "./extended_resources.ts";
import { PoolIndex } from "./pool_index.ts";

/**
 * Claims, classes and devices, with what pods that are on their way were promised. A promise holds until it is written
 * or taken back; what was written is known before the watch shows it.
 */
export class ResourceClaimCache {
  readonly pools = new PoolIndex();
  readonly allocated = new AllocatedDevices();
  readonly #extended = new ExtendedResources();
  /** Keys of the claims of pods' extended resources, by the pod's uid. */
  readonly #extendedClaims = new Map<string, string>();
  readonly #claims = new Map<string, ResourceClaim>();
  readonly #classes = new Map<string, DeviceClass>();
  /** What a write answered, until the watch is as far. */
  readonly #written = new Map<string, ResourceClaim>();
  /** By the claim's uid. */
  readonly #promised = new Map<string, AllocationResult>();
  readonly #waiters = new Set<() => void>();

  /** By `namespace/name`. */
  claim(key: string): ResourceClaim | undefined {
    return this.#written.get(key) ?? this.#claims.get(key);
  }

  deviceClass(name: string): DeviceClass | undefined {
    return this.#classes.get(name);
  }

  /** The extended resources of a pod that devices may serve, each with its class's name. */
  servedResources(pod: Pod): ReadonlyMap<string, string> {
    if (this.#classes.size === 0) return NONE;
    return servedResources(
      pod,
      (resource) => this.#extended.classOf(resource, (name) => this.#classes.has(name)),
    );
  }

  /** The claim that was made for a pod's extended resources. */
  extendedClaimOf(pod: string): ResourceClaim | undefined {
    const key = this.#extendedClaims.get(pod);
    return key === undefined ? undefined : this.claim(key);
  }

  /** Whether a claim is being allocated for a pod that is on its way. */
  isPromised(uid: string): boolean {
    return this.#promised.has(uid);
  }

  promise(uid: string, allocation: AllocationResult): void {
    this.#promised.set(uid, allocation);
    this.allocated.put(uid, allocation);
  }

  /** Takes a promise back; `key` is the claim's. */
  withdraw(key: string, uid: string): void {
    if (!this.#promised.delete(uid)) return;
    this.#count(key, uid);
  }

  /** What a write of the scheduler's own answered: the promise is kept. `made`: it is the claim's first. */
  wrote(key: string, claim: ResourceClaim, made = false): void {
    const uid = claim.metadata?.uid ?? "";
    const known = this.claim(key);
    // The watch may have been faster; what it has shown to be gone does not come back.
    const isKnown = known?.metadata?.uid === uid && !isNewer(known, claim);
    if (isKnown || (made && known === undefined)) this.#written.set(key, claim);
    this.#promised.delete(uid);
    this.#count(key, uid);
  }

  putClaim(key: string, claim: ResourceClaim | undefined): void {
    const before = this.#claims.get(key);
    if (claim === undefined) this.#claims.delete(key);
    else this.#claims.set(key, claim);
    const written = this.#written.get(key);
    const behind = written !== undefined && written.metadata?.uid === claim?.metadata?.uid &&
      claim !== undefined && isNewer(written, claim);
    if (!behind) this.#written.delete(key);
    const [was, is] = [extendedOwner(before), extendedOwner(claim)];
    if (was !== undefined && was !== is) this.#extendedClaims.delete(was);
    if (is !== undefined) this.#extendedClaims.set(is, key);
    for (const uid of new Set([before?.metadata?.uid, claim?.metadata?.uid])) {
      if (uid === undefined) continue;
      if (uid !== claim?.metadata?.uid) this.#promised.delete(uid);
      this.#count(key, uid);
    }
    for (const callback of [...this.#waiters]) callback();
  }

  putClass(name: string, deviceClass: DeviceClass | undefined): void {
    if (deviceClass === undefined) this.#classes.delete(name);
    else this.#classes.set(name, deviceClass);
    this.#extended.put(name, deviceClass);
  }

  /** Calls back after each change of a claim, until it is told to stop. */
  onChange(callback: () => void): () => void {
    this.#waiters.add(callback);
    return () => this.#waiters.delete(callback);
  }

  #count(key: string, uid: string): void {
    const claim = this.claim(key);
    const held = claim?.metadata?.uid === uid ? claim.status?.allocation : undefined;
    this.allocated.put(uid, this.#promised.get(uid) ?? held);
  }
}

function isNewer(a: ResourceClaim, b: ResourceClaim): boolean {
  return BigInt(a.metadata?.resourceVersion ?? "0") > BigInt(b.metadata?.resourceVersion ?? "0");
}

const NONE: ReadonlyMap<string, string> = new Map();

/** The uid of the pod whose extended resources a claim is for. */
function extendedOwner(claim: ResourceClaim | undefined): string | undefined {
  if (claim?.metadata?.annotations?.[EXTENDED_CLAIM] !== "true") return undefined;
  return claim.metadata.ownerReferences?.find(isController)?.uid;
}
