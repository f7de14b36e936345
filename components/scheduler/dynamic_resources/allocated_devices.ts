import type { AllocationResult } from "../../api/mod.ts";
import { quantityNano } from "./amount.ts";
import type { Amounts } from "./consumable_capacity.ts";

interface Share {
  readonly device: string;
  /** What it takes of a device that several share; undefined where it has the device alone. */
  readonly capacity: Amounts | undefined;
}

/** Which devices are taken, and by how much. Bounded by the allocated claims of the cluster. */
export class AllocatedDevices {
  readonly #ofClaim = new Map<string, readonly Share[]>();
  /** Claims that have a device alone, by device. */
  readonly #alone = new Map<string, number>();
  /** What those who share a device have of it, by device. */
  readonly #shared = new Map<string, { count: number; readonly used: Map<string, bigint> }>();

  #revision = 0;

  /** Rises with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** What a claim has, in the place of what it had; undefined for nothing. */
  put(claim: string, allocation: AllocationResult | undefined): void {
    for (const share of this.#ofClaim.get(claim) ?? []) this.#count(share, -1);
    this.#ofClaim.delete(claim);
    if (allocation === undefined) return;
    const shares: Share[] = [];
    for (const result of allocation.devices?.results ?? []) {
      // Access for administration takes nothing from others.
      if (result.adminAccess === true) continue;
      const device = `${result.driver}/${result.pool}/${result.device}`;
      const capacity = result.shareID === undefined ? undefined : new Map(
        Object.entries(result.consumedCapacity ?? {}).map((
          [name, text],
        ) => [name, quantityNano(text)]),
      );
      shares.push({ device, capacity });
    }
    for (const share of shares) this.#count(share, 1);
    if (shares.length > 0) this.#ofClaim.set(claim, shares);
  }

  isAlone(device: string): boolean {
    return this.#alone.has(device);
  }

  isShared(device: string): boolean {
    return this.#shared.has(device);
  }

  /** What those who share a device have of a capacity. */
  used(device: string, capacity: string): bigint {
    return this.#shared.get(device)?.used.get(capacity) ?? 0n;
  }

  #count({ device, capacity }: Share, by: 1 | -1): void {
    this.#revision++;
    if (capacity === undefined) {
      const count = (this.#alone.get(device) ?? 0) + by;
      if (count === 0) this.#alone.delete(device);
      else this.#alone.set(device, count);
      return;
    }
    const shared = this.#shared.get(device) ?? { count: 0, used: new Map<string, bigint>() };
    shared.count += by;
    for (const [name, amount] of capacity) {
      shared.used.set(name, (shared.used.get(name) ?? 0n) + BigInt(by) * amount);
    }
    if (shared.count === 0) this.#shared.delete(device);
    else this.#shared.set(device, shared);
  }
}
