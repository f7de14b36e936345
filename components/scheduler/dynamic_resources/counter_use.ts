import type { AllocatedDevices } from "./allocated_devices.ts";
import { quantityNano } from "./amount.ts";
import type { PoolContent } from "./device_pool.ts";
import type { NodeDevice } from "./pool_index.ts";

/** What is left of the counters that devices of a pool share, while devices are chosen. */
export class CounterUse {
  readonly #allocated: AllocatedDevices;
  /** What is left, by pool, by `set/counter`. It may be below zero: nothing is left then. */
  readonly #left = new Map<string, Map<string, bigint>>();

  constructor(allocated: AllocatedDevices) {
    this.#allocated = allocated;
  }

  /** Takes what a device consumes, unless there is too little. */
  take({ device, pool }: NodeDevice): boolean {
    const left = this.#leftOf(pool);
    if (!move(left, device, -1n)) {
      move(left, device, 1n);
      return false;
    }
    return true;
  }

  give({ device, pool }: NodeDevice): void {
    move(this.#leftOf(pool), device, 1n);
  }

  #leftOf(pool: PoolContent): Map<string, bigint> {
    const known = this.#left.get(pool.id);
    if (known !== undefined) return known;
    const left = new Map<string, bigint>();
    for (const [set, counters] of pool.counters) {
      for (const [counter, value] of counters) left.set(`${set}/${counter}`, value);
    }
    for (const device of pool.slices.flatMap(({ devices }) => devices)) {
      const id = `${pool.id}/${device.name}`;
      if (this.#allocated.isAlone(id) || this.#allocated.isShared(id)) move(left, device, -1n);
    }
    this.#left.set(pool.id, left);
    return left;
  }
}

/** Adds or takes what a device consumes; false where anything it consumes is below zero then. */
function move(left: Map<string, bigint>, device: NodeDevice["device"], by: bigint): boolean {
  let enough = true;
  for (const { counterSet, counters = {} } of device.consumesCounters ?? []) {
    for (const [counter, { value }] of Object.entries(counters)) {
      const key = `${counterSet}/${counter}`;
      const rest = (left.get(key) ?? 0n) + by * quantityNano(value);
      left.set(key, rest);
      if (rest < 0n) enough = false;
    }
  }
  return enough;
}
