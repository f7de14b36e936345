import { AllocationError } from "./allocation_error.ts";
import type { AllocatedDevices } from "./allocated_devices.ts";
import { type ClaimPlan, type DeviceWish, RESULTS_MAXIMUM } from "./claim_plan.ts";
import { type Amounts, takenCapacity } from "./consumable_capacity.ts";
import { CounterUse } from "./counter_use.ts";
import { ConstraintState } from "./device_constraint.ts";
import type { DeviceSelectors } from "./device_selectors.ts";
import { SelectorError } from "./selector_error.ts";
import { isTainted } from "./device_taint.ts";
import type { NodeDevice, NodePool } from "./pool_index.ts";

/** Devices that the searches of one attempt, on one node and on all of them, may try before they give up. */
export const NODE_STEPS_MAXIMUM = 100_000;
export const ATTEMPT_STEPS_MAXIMUM = 1_000_000;

/** How many devices the searches of one attempt may still try. */
export interface SearchBudget {
  steps: number;
}

/** A search takes too long to be worth an answer. */
export class SearchTimeout extends Error {
  override readonly name = "SearchTimeout";
}

interface Eligible {
  readonly devices: readonly NodeDevice[];
  /** A device may be chosen more than once. */
  readonly shared: boolean;
}

/** A device that a claim gets. */
export interface Choice {
  readonly wish: DeviceWish;
  readonly device: NodeDevice;
  /** What it takes of a device that others may share; undefined where it has it alone. */
  readonly share: Amounts | undefined;
}

/** What one claim gets: its devices, and which alternative of each request they are for. */
export interface ClaimChoice {
  readonly choices: readonly Choice[];
  readonly wishes: readonly DeviceWish[];
}

/**
 * Searches the devices of one node for what all claims ask for. Claims, requests, alternatives, pools and devices are
 * tried in their order, and the first solution is taken: the same devices for the same cluster. Within one request
 * devices are taken in their order only, since another order of the same devices is no other solution.
 */
export class DeviceSearch {
  readonly #claims: readonly ClaimPlan[];
  readonly #pools: readonly NodePool[];
  readonly #allocated: AllocatedDevices;
  readonly #selectors: DeviceSelectors;
  readonly #counters: CounterUse;
  readonly #constraints: readonly (readonly ConstraintState[])[];
  readonly #chosen: Choice[][];
  readonly #wishes: DeviceWish[][];
  /** How often each claim has taken a device in this search, by device and claim. */
  readonly #taken = new Map<string, Map<number, number>>();
  /** What is taken of shared devices in this search. */
  readonly #shares = new Map<string, Map<string, bigint>>();
  readonly #eligible = new Map<DeviceWish, Eligible>();
  readonly #budget: SearchBudget;
  #steps = NODE_STEPS_MAXIMUM;

  constructor(
    claims: readonly ClaimPlan[],
    pools: readonly NodePool[],
    allocated: AllocatedDevices,
    selectors: DeviceSelectors,
    budget: SearchBudget,
  ) {
    this.#budget = budget;
    this.#claims = claims;
    this.#pools = pools;
    this.#allocated = allocated;
    this.#selectors = selectors;
    this.#counters = new CounterUse(allocated);
    this.#constraints = claims.map(({ constraints }) =>
      constraints.map((one) => new ConstraintState(one))
    );
    this.#chosen = claims.map(() => []);
    this.#wishes = claims.map(() => []);
  }

  /** What each claim gets, or undefined where the node does not have it. Throws AllocationError and SearchTimeout. */
  run(): readonly ClaimChoice[] | undefined {
    this.#checkCounts();
    if (!this.#nextRequest(0, 0)) return undefined;
    return this.#chosen.map((choices, i) => ({ choices, wishes: this.#wishes[i] ?? [] }));
  }

  /** Requests that can never be met are an error, not a node that does not fit. */
  #checkCounts(): void {
    for (const { key, requests } of this.#claims) {
      let least = 0;
      for (const wishes of requests) {
        least += Math.min(...wishes.map((wish) => this.#countOf(key, wish)));
      }
      if (least > RESULTS_MAXIMUM) {
        throw new AllocationError(
          `claim ${key}: number of requested devices ${least} exceeds the claim limit of ${RESULTS_MAXIMUM}`,
        );
      }
    }
  }

  #countOf(key: string, wish: DeviceWish): number {
    if (wish.mode === "ExactCount") return wish.count;
    for (const { pool, unusable } of this.#pools) {
      if (unusable === undefined) continue;
      const state = unusable === "incomplete" ? "being updated" : "invalid";
      throw new AllocationError(
        `claim ${key}, request ${wish.name}: asks for all devices, but resource pool ${pool.id} is currently ${state}`,
      );
    }
    return this.#eligibleFor(wish).devices.length;
  }

  #nextRequest(claim: number, request: number): boolean {
    const plan = this.#claims[claim];
    if (plan === undefined) return true;
    const wishes = plan.requests[request];
    if (wishes === undefined) return this.#nextRequest(claim + 1, 0);
    for (const wish of wishes) {
      const eligible = this.#eligibleFor(wish);
      const count = wish.mode === "All" ? eligible.devices.length : wish.count;
      // All devices are at least one.
      if (count === 0 || (this.#chosen[claim]?.length ?? 0) + count > RESULTS_MAXIMUM) continue;
      this.#wishes[claim]?.push(wish);
      if (this.#nextDevice(claim, request, wish, eligible, 0, count)) return true;
      this.#wishes[claim]?.pop();
    }
    return false;
  }

  /** Chooses `count` more devices from those that stand at `from` or later. */
  #nextDevice(
    claim: number,
    request: number,
    wish: DeviceWish,
    eligible: Eligible,
    from: number,
    count: number,
  ): boolean {
    if (count === 0) return this.#nextRequest(claim, request + 1);
    const { devices, shared } = eligible;
    for (let i = from; i < devices.length && (shared || devices.length - i >= count); i++) {
      const device = devices[i] as NodeDevice;
      const again = device.device.allowMultipleAllocations === true && wish.mode === "ExactCount";
      if (--this.#steps < 0 || --this.#budget.steps < 0) throw new SearchTimeout();
      if (this.#take(claim, wish, device)) {
        if (this.#nextDevice(claim, request, wish, eligible, again ? i : i + 1, count - 1)) {
          return true;
        }
        this.#giveBack(claim);
      }
      if (wish.mode === "All") return false;
    }
    return false;
  }

  #take(claim: number, wish: DeviceWish, device: NodeDevice): boolean {
    const { id } = device;
    const shared = device.device.allowMultipleAllocations === true;
    const takers = this.#taken.get(id);
    if (wish.adminAccess) {
      if (takers?.has(claim) === true) return false;
    } else if (this.#allocated.isAlone(id) || !shared && (takers?.size ?? 0) > 0) return false;
    if (isTainted(device.device, wish.tolerations)) return false;
    const amounts = this.#capacityFor(wish, device);
    if (amounts === undefined) return false;
    // Several who share a device consume its counters once.
    const counts = this.#countsAnew(device);
    if (counts && !this.#counters.take(device)) return false;
    if (!this.#constrain(claim, wish, device)) {
      if (counts) this.#counters.give(device);
      return false;
    }
    const share = shared && !wish.adminAccess ? amounts : undefined;
    if (share !== undefined) this.#share(id, share, 1n);
    if (takers === undefined) this.#taken.set(id, new Map([[claim, 1]]));
    else takers.set(claim, (takers.get(claim) ?? 0) + 1);
    this.#chosen[claim]?.push({ wish, device, share });
    return true;
  }

  #giveBack(claim: number): void {
    const choice = this.#chosen[claim]?.pop();
    if (choice === undefined) return;
    const { wish, device, share } = choice;
    const takers = this.#taken.get(device.id);
    const times = (takers?.get(claim) ?? 1) - 1;
    if (times > 0) takers?.set(claim, times);
    else takers?.delete(claim);
    if (takers?.size === 0) this.#taken.delete(device.id);
    if (share !== undefined) this.#share(device.id, share, -1n);
    for (const constraint of this.#constraints[claim] ?? []) constraint.remove(wish);
    if (this.#countsAnew(device)) this.#counters.give(device);
  }

  /** Whether nobody who shares the device has consumed its counters already. */
  #countsAnew({ id, device }: NodeDevice): boolean {
    if ((device.consumesCounters ?? []).length === 0) return false;
    return device.allowMultipleAllocations !== true ||
      !this.#allocated.isShared(id) && !this.#taken.has(id);
  }

  #capacityFor(wish: DeviceWish, { id, device }: NodeDevice): Amounts | undefined {
    const shared = device.allowMultipleAllocations === true;
    return takenCapacity(
      device,
      wish.capacity,
      (name) =>
        shared ? this.#allocated.used(id, name) + (this.#shares.get(id)?.get(name) ?? 0n) : 0n,
    );
  }

  #constrain(claim: number, wish: DeviceWish, device: NodeDevice): boolean {
    const constraints = this.#constraints[claim] ?? [];
    const failed = constraints.findIndex((constraint) => !constraint.add(wish, device));
    if (failed < 0) return true;
    for (const constraint of constraints.slice(0, failed)) constraint.remove(wish);
    if (wish.mode === "All") {
      throw new AllocationError(
        `claim ${
          this.#claims[claim]?.key
        }, request ${wish.name}: cannot add device ${device.id} because a claim constraint would not be satisfied`,
      );
    }
    return false;
  }

  #share(id: string, amounts: Amounts, by: bigint): void {
    const shares = this.#shares.get(id) ?? new Map<string, bigint>();
    for (const [name, amount] of amounts) shares.set(name, (shares.get(name) ?? 0n) + by * amount);
    this.#shares.set(id, shares);
  }

  /** The devices of the node that selectors let through, whoever has them. */
  #eligibleFor(wish: DeviceWish): Eligible {
    const known = this.#eligible.get(wish);
    if (known !== undefined) return known;
    const devices = this.#pools.flatMap(({ devices }) => devices).filter((device) =>
      wish.selectors.every(({ expression, where }) => {
        try {
          return this.#selectors.matches(expression, device);
        } catch (error) {
          if (!(error instanceof SelectorError)) throw error;
          throw new AllocationError(`${where}: ${error.message}`);
        }
      })
    );
    const shared = devices.some(({ device }) => device.allowMultipleAllocations === true);
    const eligible = { devices, shared };
    this.#eligible.set(wish, eligible);
    return eligible;
  }
}
