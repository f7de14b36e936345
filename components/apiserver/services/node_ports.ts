import type { Random } from "../../base/mod.ts";
import { AllocationError } from "./cluster_ips.ts";
import { OffsetAllocator, staticBand } from "./offset_allocator.ts";
import type { PortClaims } from "./port_claims.ts";
import type { PortRange } from "./port_range.ts";

const BAND_DIVISOR = 32;
const BAND_MAXIMUM = 128;
/** Another server may take ports at the same time: how many are tried before giving up. */
const ATTEMPTS_MAXIMUM = 16;
/** How often a port must be found taken by no service before it is given back: one may be about to be written. */
const LEAK_ROUNDS = 3;
/** The owner of ports that another server has, as long as no service says whose they are. */
const ELSEWHERE = "another server";

/**
 * Which node port is whose. The services themselves say it; memory makes finding a free one quick; and where others
 * allocate from the same store, a port is had only when it is claimed there as well.
 */
export class NodePorts {
  readonly #range: PortRange;
  readonly #random: Random;
  readonly #allocator: OffsetAllocator;
  readonly #claims: PortClaims | undefined;
  readonly #leaks = new Map<number, number>();

  constructor(range: PortRange, random: Random, claims?: PortClaims) {
    this.#range = range;
    this.#random = random;
    this.#claims = claims;
    const size = range.last - range.first + 1;
    this.#allocator = new OffsetAllocator(size, staticBand(size, BAND_DIVISOR, BAND_MAXIMUM));
  }

  /** Marks a port as a service's, as found in the store. */
  adopt(port: number, owner: string): void {
    if (this.#inside(port)) this.#allocator.assign(port - this.#range.first, owner);
  }

  /** Takes that port. Rejects with `AllocationError` when it cannot be had. */
  async take(port: number, owner: string, dryRun: boolean): Promise<void> {
    const { first, last } = this.#range;
    if (!this.#inside(port)) {
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      );
    }
    // What is elsewhere may have been given back there: the claim tells.
    this.#allocator.release(port - first, ELSEWHERE);
    if (!this.#allocator.take(port - first, owner)) throw taken();
    if (!await this.#claim(port, owner, dryRun)) throw taken();
  }

  /** Takes any free port. Rejects with `AllocationError` when there is none. */
  async next(owner: string, dryRun: boolean): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS_MAXIMUM; attempt++) {
      const offset = this.#allocator.next(owner, this.#random);
      if (offset === undefined) break;
      const port = this.#range.first + offset;
      if (await this.#claim(port, owner, dryRun)) return port;
    }
    throw new AllocationError("range is full");
  }

  /** How many ports are given, and how many there are. */
  get usage(): { readonly used: number; readonly size: number } {
    const { used, size } = this.#allocator;
    return { used, size };
  }

  isFree(port: number): boolean {
    return this.#allocator.owner(port - this.#range.first) === undefined;
  }

  /** Forgets in memory that the owner has it: what another server gave back is that one's to tell the others. */
  forget(port: number, owner: string): void {
    if (this.#inside(port)) this.#allocator.release(port - this.#range.first, owner);
  }

  /** Gives a port back for everybody. */
  async release(port: number, owner: string, dryRun: boolean): Promise<void> {
    if (!this.#inside(port)) return;
    this.forget(port, owner);
    if (!dryRun) await this.#claims?.release(port);
  }

  /**
   * After a crash: claims what services hold, and gives back what was claimed for services that were never written.
   * `read` answers the ports of all services as they are then.
   */
  async repair(read: () => Promise<ReadonlySet<number>>): Promise<void> {
    if (this.#claims === undefined) return;
    // In this order: whatever is written has been claimed before.
    const claimed = await this.#claims.taken();
    const held = await read();
    const known = new Set(claimed);
    for (let port = this.#range.first; port <= this.#range.last; port++) {
      if (!known.has(port)) this.forget(port, ELSEWHERE);
    }
    const missing = [...held].filter((port) => this.#inside(port) && !known.has(port));
    const unheld = claimed.filter((port) => !held.has(port));
    for (const port of this.#leaks.keys()) if (!unheld.includes(port)) this.#leaks.delete(port);
    const claims = this.#claims;
    const work: Promise<unknown>[] = missing.map((port) => claims.claim(port));
    for (const port of unheld) {
      if (this.isFree(port)) this.adopt(port, ELSEWHERE);
      const rounds = (this.#leaks.get(port) ?? 0) + 1;
      this.#leaks.set(port, rounds);
      if (rounds < LEAK_ROUNDS) continue;
      this.#leaks.delete(port);
      work.push(this.release(port, ELSEWHERE, false));
    }
    await Promise.all(work);
  }

  /** False when another server has the port: then that is remembered. */
  async #claim(port: number, owner: string, dryRun: boolean): Promise<boolean> {
    if (this.#claims === undefined || dryRun) return true;
    const offset = port - this.#range.first;
    let granted: boolean;
    try {
      granted = await this.#claims.claim(port);
    } catch (error) {
      this.#allocator.release(offset, owner);
      throw error;
    }
    if (!granted && this.#allocator.owner(offset) === owner) {
      this.#allocator.assign(offset, ELSEWHERE);
    }
    return granted;
  }

  #inside(port: number): boolean {
    return port >= this.#range.first && port <= this.#range.last;
  }
}

const taken = () => new AllocationError("provided port is already allocated");
