import { hasReason, type Random } from "../../base/mod.ts";
import { IP_ADDRESSES, type IPAddress, SERVICE_CIDRS, type ServiceCIDR } from "../../api/served.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import {
  addressAt,
  familyOf,
  type IpFamily,
  type IpRange,
  offsetOf,
  parseRange,
} from "./ip_range.ts";
import { OffsetAllocator, staticBand } from "./offset_allocator.ts";

const BAND_DIVISOR = 16;
const BAND_MAXIMUM = 256;
const FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family";
const MANAGED_LABEL = "ipaddress.kubernetes.io/managed-by";
const MANAGER = "ipallocator.k8s.io";
/** Another server may take addresses at the same time: how many are tried before giving up. */
const ATTEMPTS_MAXIMUM = 16;

/** Why an address cannot be had, in upstream's words. */
export class AllocationError extends Error {
  override readonly name = "AllocationError";
}

/** A service as the owner of what it holds. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

const ownerKey = ({ namespace, name }: Owner): string => `${namespace}/${name}`;

interface Pool {
  readonly range: IpRange;
  readonly allocator: OffsetAllocator;
}

/**
 * The addresses of services. An IPAddress object stands for each, so that several servers never give one twice and
 * everybody can see whose it is; what is held in memory only makes finding a free one quick.
 */
export class ClusterIps {
  readonly #reader: ObjectReader;
  readonly #writer: ObjectWriter;
  readonly #random: Random;
  readonly #pools: Pool[];
  readonly #own: number;

  /** `cidrs` are the server's own ranges; ServiceCIDR objects may add others. */
  constructor(
    cidrs: readonly string[],
    reader: ObjectReader,
    writer: ObjectWriter,
    random: Random,
  ) {
    this.#reader = reader;
    this.#writer = writer;
    this.#random = random;
    this.#pools = cidrs.map(poolOf);
    this.#own = cidrs.length;
  }

  /** The families services can have, the usual one first. */
  get families(): IpFamily[] {
    return [...new Set(this.#pools.slice(0, this.#own).map(({ range }) => range.family))];
  }

  /** The usual range of a family. */
  cidrOf(family: IpFamily): string {
    return this.#pools.find(({ range }) => range.family === family)?.range.cidr ?? "";
  }

  /** How many addresses of each range are given, and how many there are. */
  usage(): { readonly cidr: string; readonly used: number; readonly size: number }[] {
    return this.#pools.map(({ range: { cidr }, allocator: { used, size } }) => ({
      cidr,
      used,
      size,
    }));
  }

  /** Follows IPAddress and ServiceCIDR objects, whose caches must be ready; the result ends it. */
  start(): () => void {
    const follow = ({ current, previous }: { current?: IPAddress; previous?: IPAddress }) => {
      if (previous !== undefined) this.#forget(previous);
      if (current !== undefined) this.#remember(current);
    };
    const { group } = IP_ADDRESSES;
    const ends = [
      this.#reader.onChange(group, SERVICE_CIDRS.resource, () => this.#readRanges()),
      this.#reader.onChange(group, IP_ADDRESSES.resource, follow),
    ];
    this.#readRanges();
    return () => ends.forEach((end) => end());
  }

  /** Marks an address as a service's, as found in the store. */
  adopt(address: string, owner: Owner): void {
    const pool = this.#poolOf(address);
    pool?.allocator.assign(offsetOf(pool.range, address) ?? 0, ownerKey(owner));
  }

  /** Takes that address. Rejects with `AllocationError` when it cannot be had. */
  async take(address: string, owner: Owner, dryRun: boolean): Promise<string> {
    const pool = this.#poolOf(address);
    if (pool === undefined) {
      const ranges = this.#pools.filter(({ range }) => range.family === familyOf(address))
        .map(({ range }) => range.cidr);
      throw new AllocationError(
        `the provided IP (${address}) is not in the valid range. ` +
          `The range of valid IPs is ${ranges.join(", ")}`,
      );
    }
    const offset = offsetOf(pool.range, address) ?? 0;
    const canonical = addressAt(pool.range, offset);
    if (!pool.allocator.take(offset, ownerKey(owner))) {
      // It may have been given back a moment ago.
      await this.#reader.fresh(IP_ADDRESSES.group, IP_ADDRESSES.resource);
      if (!pool.allocator.take(offset, ownerKey(owner))) throw taken();
    }
    if (!dryRun && !await this.#record(canonical, pool.range.family, owner)) {
      pool.allocator.release(offset, ownerKey(owner));
      throw taken();
    }
    return canonical;
  }

  /** Takes any address of the family. Rejects with `AllocationError` when there is none left. */
  async next(family: IpFamily, owner: Owner, dryRun: boolean): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS_MAXIMUM; attempt++) {
      const found = this.#free(family, owner);
      if (found === undefined) break;
      const { pool, offset } = found;
      const address = addressAt(pool.range, offset);
      if (dryRun || await this.#record(address, family, owner)) return address;
      // Another server has it: it stays marked until the object's event says whose it is.
    }
    throw new AllocationError("range is full");
  }

  /** Gives an address back. The object goes only if it is still this owner's. */
  async release(address: string, owner: Owner, dryRun: boolean): Promise<void> {
    this.#releaseMemory(address, owner);
    if (dryRun) return;
    const { group, resource } = IP_ADDRESSES;
    let object = this.#reader.get<IPAddress>(group, resource, "", address);
    if (object === undefined) {
      await this.#reader.fresh(group, resource);
      object = this.#reader.get<IPAddress>(group, resource, "", address);
    }
    const uid = object?.metadata?.uid;
    if (object === undefined || uid === undefined || !isOf(object, owner)) return;
    await this.#writer.delete(group, resource, "", address, { uid }).catch((error) => {
      if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
    });
  }

  /**
   * After a crash: makes the objects of addresses that services hold and have none, and removes those whose service
   * is gone, unless they were made after `before`: their service may be about to be written by another server. `read`
   * leads from address to owner, as services are then.
   */
  async repair(
    read: () => Promise<ReadonlyMap<string, Owner>>,
    before = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { group, resource } = IP_ADDRESSES;
    const objects = this.#reader.list<IPAddress>(group, resource);
    const held = await read();
    const work: Promise<unknown>[] = [];
    for (const [address, owner] of held) {
      const family = familyOf(address);
      const missing = this.#reader.get(group, resource, "", address) === undefined;
      if (missing && family !== undefined) work.push(this.#record(address, family, owner));
    }
    for (const object of objects) {
      const address = object.metadata?.name ?? "";
      const owner = ownerOf(object);
      if (owner === undefined || held.has(address)) continue;
      if (Date.parse(object.metadata?.creationTimestamp ?? "") > before) continue;
      work.push(this.release(address, owner, false));
    }
    await Promise.all(work);
  }

  #free(family: IpFamily, owner: Owner): { pool: Pool; offset: number } | undefined {
    for (const pool of this.#pools) {
      if (pool.range.family !== family) continue;
      const offset = pool.allocator.next(ownerKey(owner), this.#random);
      if (offset !== undefined) return { pool, offset };
    }
    return undefined;
  }

  /** Writes the object of an address; false when it exists for somebody else. */
  async #record(address: string, family: IpFamily, owner: Owner): Promise<boolean> {
    const { group, resource } = IP_ADDRESSES;
    try {
      await this.#writer.create<IPAddress>(group, resource, {
        apiVersion: `${group}/${IP_ADDRESSES.version}`,
        kind: IP_ADDRESSES.kind,
        metadata: {
          name: address,
          labels: { [FAMILY_LABEL]: family, [MANAGED_LABEL]: MANAGER },
        },
        spec: { parentRef: { group: "", resource: "services", ...owner } },
      });
      return true;
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) {
        this.#releaseMemory(address, owner);
        throw error;
      }
      await this.#reader.fresh(group, resource);
      const existing = this.#reader.get<IPAddress>(group, resource, "", address);
      // A first try of the same service may have ended between the two writes.
      return existing !== undefined && isOf(existing, owner);
    }
  }

  #remember(object: IPAddress): void {
    const address = object.metadata?.name ?? "";
    const pool = this.#poolOf(address);
    if (pool === undefined) return;
    const owner = ownerOf(object);
    const key = owner === undefined ? `IPAddress ${address}` : ownerKey(owner);
    pool.allocator.assign(offsetOf(pool.range, address) ?? 0, key);
  }

  #forget(object: IPAddress): void {
    const address = object.metadata?.name ?? "";
    const owner = ownerOf(object);
    const pool = this.#poolOf(address);
    if (pool === undefined) return;
    const key = owner === undefined ? `IPAddress ${address}` : ownerKey(owner);
    pool.allocator.release(offsetOf(pool.range, address) ?? 0, key);
  }

  #releaseMemory(address: string, owner: Owner): void {
    const pool = this.#poolOf(address);
    pool?.allocator.release(offsetOf(pool.range, address) ?? 0, ownerKey(owner));
  }

  #poolOf(address: string): Pool | undefined {
    return this.#pools.find(({ range }) => offsetOf(range, address) !== undefined);
  }

  /** The server's own ranges, and those of ServiceCIDR objects that are ready. */
  #readRanges(): void {
    const ready = this.#reader.list<ServiceCIDR>(SERVICE_CIDRS.group, SERVICE_CIDRS.resource)
      .filter(({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
      )
      .flatMap(({ spec }) => spec?.cidrs ?? []);
    const known = new Map(this.#pools.map((pool) => [pool.range.cidr, pool]));
    const own = this.#pools.slice(0, this.#own);
    const added = [...new Set(ready)].filter((cidr) =>
      !own.some(({ range }) => range.cidr === cidr)
    );
    this.#pools.length = this.#own;
    this.#pools.push(...added.map((cidr) => known.get(cidr) ?? poolOf(cidr)));
    const { group, resource } = IP_ADDRESSES;
    for (const object of this.#reader.list<IPAddress>(group, resource)) this.#remember(object);
  }
}

function poolOf(cidr: string): Pool {
  const range = parseRange(cidr);
  const band = staticBand(range.size, BAND_DIVISOR, BAND_MAXIMUM);
  return { range, allocator: new OffsetAllocator(range.size, band) };
}

const taken = (): AllocationError => new AllocationError("provided IP is already allocated");

/** The service that an object stands for; undefined for one that somebody made to keep an address. */
function ownerOf({ spec, metadata }: IPAddress): Owner | undefined {
  const ref = spec?.parentRef;
  if (ref?.resource !== "services" || metadata?.labels?.[MANAGED_LABEL] !== MANAGER) {
    return undefined;
  }
  return { namespace: ref.namespace ?? "", name: ref.name ?? "" };
}

function isOf(object: IPAddress, owner: Owner): boolean {
  const found = ownerOf(object);
  return found !== undefined && ownerKey(found) === ownerKey(owner);
}
