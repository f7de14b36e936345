import { type Clock, sleep } from "../../base/mod.ts";
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { NodeBinding, VolumeMatch } from "./binding_plan.ts";
import { BOUND_BY_CONTROLLER, type ClaimRecord, SELECTED_NODE } from "./claim_record.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeCache } from "./volume_cache.ts";
import type { NodeTerms } from "./volume_view.ts";

export interface VolumeBinderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly cache: VolumeCache;
  readonly used: UsedVolumes;
  readonly nodes: NodeTerms;
  /** How long a pod waits for its claims at most. */
  readonly bindTimeoutSeconds: number;
}

/** Carries out what a plan says of one node. */
export class VolumeBinder {
  readonly #options: VolumeBinderOptions;

  constructor(options: VolumeBinderOptions) {
    this.#options = options;
  }

  /** Keeps volumes and claims from other pods until it is bound or taken back. */
  assume({ matches, provisions }: NodeBinding, node: string): void {
    const { cache } = this.#options;
    for (const { claim: { namespace, name, uid }, volume } of matches) {
      cache.promiseVolume(volume.name, { namespace, name, uid });
    }
    for (const claim of provisions) cache.promiseNode(claim.key, node);
  }

  /** Takes back what was assumed and is not written yet. */
  forget({ matches, provisions }: NodeBinding, node: string): void {
    const { cache } = this.#options;
    for (const { claim, volume } of matches) cache.withdrawVolume(volume.name, claim.uid);
    for (const claim of provisions) cache.withdrawNode(claim.key, node);
  }

  /**
   * Writes who gets which volume, and waits until the binder has bound all claims. Rejects when a write is refused,
   * when what was written is undone, and when it takes too long, or the pod goes; written is written then, and the next attempt finds it.
   */
  async bind(
    pod: { readonly name: string; readonly uid: string },
    binding: NodeBinding,
    node: string,
    signal: AbortSignal,
  ): Promise<void> {
    for (const match of binding.matches) await this.#reserve(match);
    for (const claim of binding.provisions) await this.#selectNode(claim, node);
    const { cache, clock, bindTimeoutSeconds, used } = this.#options;
    const ended = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      try {
        if (this.#isBound(binding, node)) resolve();
      } catch (error) {
        reject(error);
      }
    };
    const stop = cache.onChange(look);
    const stopped = used.onRemoved(
      pod.uid,
      () => reject(new Error(`pod does not exist any more: pod "${pod.name}" not found`)),
    );
    const limit = AbortSignal.any([ended.signal, signal]);
    sleep(clock, bindTimeoutSeconds * 1000, limit).then(
      () => reject(new Error("context deadline exceeded")),
      () => reject(new Error("context canceled")),
    );
    look();
    try {
      await promise;
    } catch (error) {
      throw new Error(`binding volumes: ${error instanceof Error ? error.message : error}`);
    } finally {
      stop();
      stopped();
      ended.abort();
    }
  }

  async #reserve({ claim, volume }: VolumeMatch): Promise<void> {
    const isOurs = volume.reservedFor === undefined;
    await this.#options.client.patch(PERSISTENT_VOLUMES, volume.name, {
      metadata: {
        resourceVersion: volume.resourceVersion,
        ...(isOurs ? { annotations: { [BOUND_BY_CONTROLLER]: "yes" } } : {}),
      },
      spec: {
        claimRef: {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          namespace: claim.namespace,
          name: claim.name,
          uid: claim.uid,
          resourceVersion: claim.resourceVersion,
        },
      },
    }, { type: "merge" });
  }

  async #selectNode(claim: ClaimRecord, node: string): Promise<void> {
    // An earlier attempt may have written it.
    if (this.#options.cache.claimAsWritten(claim.key)?.selectedNode === node) return;
    await this.#options.client.patch(PERSISTENT_VOLUME_CLAIMS, claim.name, {
      metadata: {
        resourceVersion: claim.resourceVersion,
        annotations: { [SELECTED_NODE]: node },
      },
    }, { type: "merge", namespace: claim.namespace });
  }

  #isBound({ matches, provisions }: NodeBinding, node: string): boolean {
    const { cache } = this.#options;
    let all = true;
    for (const { claim, volume } of matches) {
      const held = cache.volumeAsWritten(volume.name);
      const found = this.#claim(claim);
      if (held === undefined) {
        throw new Error(
          `failed to check binding: persistentvolume "${volume.name}" not found`,
        );
      }
      // What was written has not come back yet.
      if (held.resourceVersion === volume.resourceVersion) {
        all = false;
        continue;
      }
      if ((held.reservedFor?.uid ?? "") === "") {
        throw new Error(`ClaimRef got reset for pv "${volume.name}"`);
      }
      this.#reaches(held.name, node);
      if (!found.bound) all = false;
    }
    for (const claim of provisions) {
      const found = this.#claim(claim);
      if (found.resourceVersion === claim.resourceVersion && claim.selectedNode === undefined) {
        all = false;
        continue;
      }
      if (found.selectedNode !== node && !found.bound) {
        throw new Error(`provisioning failed for PVC "${claim.name}"`);
      }
      if (found.volumeName !== "") this.#reaches(found.volumeName, node);
      if (!found.bound) all = false;
    }
    return all;
  }

  #claim({ key, name, uid }: ClaimRecord): ClaimRecord {
    const found = this.#options.cache.claimAsWritten(key);
    if (found === undefined || found.uid !== uid) {
      throw new Error(`failed to check binding: persistentvolumeclaim "${name}" not found`);
    }
    return found;
  }

  #reaches(volume: string, node: string): void {
    const { cache, nodes } = this.#options;
    const terms = cache.volumeAsWritten(volume)?.nodeTerms;
    if (terms !== undefined && !nodes.matching(terms).has(node)) {
      throw new Error(
        `pv "${volume}" node affinity doesn't match node "${node}": no matching NodeSelectorTerms`,
      );
    }
  }
}
