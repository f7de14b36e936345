import type { Random } from "../../base/mod.ts";
import { AllocationError } from "./cluster_ips.ts";
import { OffsetAllocator, staticBand } from "./offset_allocator.ts";

/** The ports of every node that lead to services. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const NODE_PORT_RANGE: PortRange = { first: 30000, last: 32767 };
const BAND_DIVISOR = 32;
const BAND_MAXIMUM = 128;

/** Which node port is whose. Kept in memory: the services themselves say it, and are read again at each start. */
export class NodePorts {
  readonly #range: PortRange;
  readonly #random: Random;
  readonly #allocator: OffsetAllocator;

  constructor(range: PortRange, random: Random) {
    this.#range = range;
    this.#random = random;
    const size = range.last - range.first + 1;
    this.#allocator = new OffsetAllocator(size, staticBand(size, BAND_DIVISOR, BAND_MAXIMUM));
  }

  /** Marks a port as a service's, as found in the store. */
  adopt(port: number, owner: string): void {
    if (this.#inside(port)) this.#allocator.assign(port - this.#range.first, owner);
  }

  /** Throws `AllocationError` when the port cannot be had. */
  take(port: number, owner: string): void {
    const { first, last } = this.#range;
    if (!this.#inside(port)) {
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      );
    }
    if (!this.#allocator.take(port - first, owner)) {
      throw new AllocationError("provided port is already allocated");
    }
  }

  /** Any free port. Throws `AllocationError` when there is none. */
  next(owner: string): number {
    const offset = this.#allocator.next(owner, this.#random);
    if (offset === undefined) throw new AllocationError("range is full");
    return this.#range.first + offset;
  }

  isFree(port: number): boolean {
    return this.#allocator.owner(port - this.#range.first) === undefined;
  }

  release(port: number, owner: string): void {
    if (this.#inside(port)) this.#allocator.release(port - this.#range.first, owner);
  }

  #inside(port: number): boolean {
    return port >= this.#range.first && port <= this.#range.last;
  }
}
