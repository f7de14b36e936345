import {
  type KubeObject,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type Pod,
  type ResourceType,
} from "../api/mod.ts";
import { hasReason } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { splitKey } from "../reconcile/mod.ts";
import { type Controller, runLoop } from "./controller.ts";
import { BY_NAMESPACE } from "./informers.ts";

const CLAIM_FINALIZER = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER = "kubernetes.io/pv-protection";

/** Names of the claims that a pod mounts. */
export function claimsOf(pod: Pod): string[] {
  const names: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of pod.spec?.volumes ?? []) {
    if (persistentVolumeClaim?.claimName !== undefined) names.push(persistentVolumeClaim.claimName);
    if (ephemeral !== undefined) names.push(`${pod.metadata?.name}-${name}`);
  }
  return names;
}

/** True while a pod keeps a claim in use: from the moment it has a node until it is gone. */
export function usesClaim(pod: Pod, claim: string): boolean {
  return (pod.spec?.nodeName ?? "") !== "" && claimsOf(pod).includes(claim);
}

/** The finalizers that an object should have now; undefined where it has them. */
export function plannedFinalizers(
  object: KubeObject,
  finalizer: string,
  inUse: boolean,
): string[] | undefined {
  const finalizers = object.metadata?.finalizers ?? [];
  const has = finalizers.includes(finalizer);
  if (object.metadata?.deletionTimestamp === undefined) {
    return has ? undefined : [...finalizers, finalizer];
  }
  return has && !inUse ? finalizers.filter((one) => one !== finalizer) : undefined;
}

async function writeFinalizers(
  client: Client,
  type: ResourceType<KubeObject>,
  { metadata }: KubeObject,
  finalizers: readonly string[],
): Promise<void> {
  const { name = "", namespace, resourceVersion } = metadata ?? {};
  try {
    await client.patch(type, name, {
      metadata: { resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers },
    }, { type: "merge", ...(namespace === undefined ? {} : { namespace }) });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}

/** Keeps a claim that is being deleted until no pod uses it. */
export const claimProtectionController: Controller = {
  name: "persistentvolumeclaim-protection-controller",
  aliases: ["pvc-protection"],
  start(context) {
    const claims = context.informers.of(PERSISTENT_VOLUME_CLAIMS);
    const pods = context.informers.pods();
    const loop = runLoop(context, {
      name: "claim-protection",
      needs: [claims, pods],
      reconcile: async (key) => {
        const claim = claims.get(key);
        if (claim === undefined) return;
        const { namespace, name } = splitKey(key);
        const going = claim.metadata?.deletionTimestamp !== undefined;
        const inUse = going &&
          pods.byIndex(BY_NAMESPACE, namespace).some((pod) => usesClaim(pod, name));
        const finalizers = plannedFinalizers(claim, CLAIM_FINALIZER, inUse);
        if (finalizers === undefined) return;
        await writeFinalizers(context.client, PERSISTENT_VOLUME_CLAIMS, claim, finalizers);
      },
    });
    claims.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    pods.onChange(({ current, previous }) => {
      const pod = current ?? previous;
      if (pod?.spec?.volumes === undefined) return;
      for (const name of claimsOf(pod)) {
        const key = `${pod.metadata?.namespace}/${name}`;
        if (claims.get(key)?.metadata?.deletionTimestamp !== undefined) loop.queue.add(key);
      }
    });
    return loop;
  },
};

/** Keeps a volume that is being deleted while it is bound. */
export const volumeProtectionController: Controller = {
  name: "persistentvolume-protection-controller",
  aliases: ["pv-protection"],
  start(context) {
    const volumes = context.informers.of(PERSISTENT_VOLUMES);
    const loop = runLoop(context, {
      name: "volume-protection",
      needs: [volumes],
      reconcile: async (name) => {
        const volume = volumes.get(name);
        if (volume === undefined) return;
        const inUse = volume.status?.phase === "Bound";
        const finalizers = plannedFinalizers(volume, VOLUME_FINALIZER, inUse);
        if (finalizers === undefined) return;
        await writeFinalizers(context.client, PERSISTENT_VOLUMES, volume, finalizers);
      },
    });
    volumes.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    return loop;
  },
};
