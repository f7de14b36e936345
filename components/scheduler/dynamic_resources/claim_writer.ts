import { type Clock, hasReason, sleep, timestamp } from "../../base/mod.ts";
import {
  type AllocationResult,
  type Pod,
  PODS,
  RESOURCE_CLAIMS,
  type ResourceClaim,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { hasConditions, isOverdue, readiness } from "./binding_conditions.ts";
import { extendedClaim, type ExtendedRequests } from "./extended_resources.ts";
import type { ResourceClaimCache } from "./resource_claim_cache.ts";

/** Keeps an allocated claim from going away before its devices are given back. */
const FINALIZER = "resource.kubernetes.io/delete-protection";
const ATTEMPTS = 5;

export interface ClaimWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly cache: ResourceClaimCache;
  /** How long a driver has to prepare devices, in seconds. */
  readonly bindingTimeoutSeconds: number;
}

const keyOf = ({ metadata }: ResourceClaim): string => `${metadata?.namespace}/${metadata?.name}`;

/** Writes what was decided about claims. */
export class ClaimWriter {
  readonly #options: ClaimWriterOptions;

  constructor(options: ClaimWriterOptions) {
    this.#options = options;
  }

  /** Writes an allocation, where there is one, and whom it is for. Rejects where the claim has gone another way. */
  async reserve(
    claim: ResourceClaim,
    allocation: AllocationResult | undefined,
    pod: Pod,
  ): Promise<ResourceClaim> {
    const { client, cache } = this.#options;
    const key = keyOf(claim);
    let current = claim;
    for (let attempt = 1;; attempt++) {
      try {
        const written = await this.#write(current, allocation, pod);
        cache.wrote(key, written);
        return written;
      } catch (error) {
        if (!hasReason(error, "Conflict") || attempt === ATTEMPTS) throw error;
      }
      current = await client.get(
        RESOURCE_CLAIMS,
        claim.metadata?.name ?? "",
        claim.metadata?.namespace ?? "",
      );
    }
  }

  async #write(
    claim: ResourceClaim,
    allocation: AllocationResult | undefined,
    pod: Pod,
  ): Promise<ResourceClaim> {
    const { client, clock } = this.#options;
    const key = keyOf(claim);
    if (claim.metadata?.deletionTimestamp !== undefined) {
      throw new Error(`claim ${key} got deleted in the meantime`);
    }
    let current = claim;
    if (allocation !== undefined) {
      if (claim.status?.allocation !== undefined) {
        throw new Error(`claim ${key} got allocated elsewhere in the meantime`);
      }
      const finalizers = claim.metadata?.finalizers ?? [];
      if (!finalizers.includes(FINALIZER)) {
        current = await client.update(RESOURCE_CLAIMS, {
          ...claim,
          metadata: { ...claim.metadata, finalizers: [...finalizers, FINALIZER] },
        });
      }
    }
    const held = allocation ?? current.status?.allocation;
    const { name = "", uid = "" } = pod.metadata ?? {};
    return await client.update(RESOURCE_CLAIMS, {
      ...current,
      status: {
        ...current.status,
        ...(held === undefined ? {} : {
          allocation: {
            ...held,
            allocationTimestamp: held.allocationTimestamp ?? timestamp(clock.now()),
          },
        }),
        reservedFor: [...current.status?.reservedFor ?? [], { resource: "pods", name, uid }],
      },
    }, { subresource: "status" });
  }

  /** Makes the claim of a pod's extended resources, allocates it, and tells the pod which container has what. */
  async makeExtended(
    pod: Pod,
    extended: ExtendedRequests,
    allocation: AllocationResult,
    made: (claim: ResourceClaim) => void,
  ): Promise<ResourceClaim> {
    const { cache, client } = this.#options;
    const claim = await client.create<ResourceClaim>(RESOURCE_CLAIMS, extendedClaim(pod, extended));
    cache.wrote(keyOf(claim), claim, true);
    made(claim);
    const reserved = await this.reserve(claim, allocation, pod);
    made(reserved);
    const { name = "", namespace = "", uid } = pod.metadata ?? {};
    await client.patch(PODS, name, {
      metadata: { uid },
      status: {
        extendedResourceClaimStatus: {
          resourceClaimName: claim.metadata?.name,
          requestMappings: extended.mappings,
        },
      },
    }, { type: "strategic", subresource: "status", namespace });
    return reserved;
  }

  /** Takes the claim of a pod's extended resources away, with what it has. */
  async removeExtended(claim: ResourceClaim): Promise<void> {
    const { name = "", namespace = "", uid = "" } = claim.metadata ?? {};
    const { client } = this.#options;
    try {
      const current = await client.find<ResourceClaim>(RESOURCE_CLAIMS, name, namespace);
      if (current?.metadata?.uid !== uid) return;
      const freed = current.status?.allocation === undefined ? current : await this.#free(current);
      const finalizers = freed.metadata?.finalizers ?? [];
      if (finalizers.includes(FINALIZER)) {
        await client.update(RESOURCE_CLAIMS, {
          ...freed,
          metadata: {
            ...freed.metadata,
            finalizers: finalizers.filter((one) => one !== FINALIZER),
          },
        });
      }
      await client.delete(RESOURCE_CLAIMS, name, { namespace, uid });
    } catch (error) {
      if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
    }
  }

  /** Takes a pod off a claim that it was written on. */
  async release(claim: ResourceClaim, pod: Pod): Promise<void> {
    const { name = "", namespace = "", uid } = claim.metadata ?? {};
    try {
      await this.#options.client.patch(RESOURCE_CLAIMS, name, {
        metadata: { uid },
        status: { reservedFor: [{ $patch: "delete", uid: pod.metadata?.uid }] },
      }, { type: "strategic", subresource: "status", namespace });
    } catch (error) {
      // It went away, or is another by now.
      if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
    }
  }

  /** Gives the devices of a claim back. */
  async deallocate(claim: ResourceClaim): Promise<void> {
    this.#options.cache.wrote(keyOf(claim), await this.#free(claim));
  }

  async #free(claim: ResourceClaim): Promise<ResourceClaim> {
    const { allocation: _a, reservedFor: _r, devices: _d, ...status } = claim.status ?? {};
    return await this.#options.client.update(
      RESOURCE_CLAIMS,
      { ...claim, status },
      { subresource: "status" },
    );
  }

  /** Whether any of the claims has devices that their driver prepares first. */
  mustWait(claims: readonly ResourceClaim[]): boolean {
    return claims.some(hasConditions);
  }

  /** Waits until the drivers have prepared all devices. Rejects when one fails, and when it takes too long. */
  async prepared(claims: readonly ResourceClaim[], signal: AbortSignal): Promise<void> {
    const { cache, clock, bindingTimeoutSeconds } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      let ready = true;
      for (const one of claims) {
        const claim = cache.claim(keyOf(one));
        if (claim === undefined) {
          return reject(new Error(`could not find ResourceClaim "${keyOf(one)}"`));
        }
        const found = readiness(claim);
        if (found.state === "failed") return reject(new Error(found.message));
        if (found.state === "ready") continue;
        if (isOverdue(claim, clock.now(), bindingTimeoutSeconds)) {
          return reject(new Error(`claim ${claim.metadata?.name} binding timeout`));
        }
        ready = false;
      }
      if (ready) resolve();
    };
    const ended = new AbortController();
    const stop = cache.onChange(look);
    sleep(clock, bindingTimeoutSeconds * 1000, AbortSignal.any([ended.signal, signal])).then(
      () => reject(new Error("device binding timeout")),
      () => reject(new Error("context canceled")),
    );
    look();
    try {
      await promise;
    } finally {
      stop();
      ended.abort();
    }
  }
}
