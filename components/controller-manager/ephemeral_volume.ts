import { hasReason } from "../base/mod.ts";
import {
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  type Pod,
  PODS,
} from "../api/mod.ts";
import { type Controller, recorderOf, runLoop } from "./controller.ts";
import { controllerOf, controllerReference } from "./ownership.ts";
import { isActive } from "./pod_state.ts";
import { errorText } from "./pod_template.ts";

/** The claims that a pod's ephemeral volumes ask for. */
export function ephemeralClaims(pod: Pod): PersistentVolumeClaim[] {
  const claims: PersistentVolumeClaim[] = [];
  for (const { name, ephemeral } of pod.spec?.volumes ?? []) {
    const template = ephemeral?.volumeClaimTemplate;
    if (template === undefined) continue;
    const { labels, annotations } = template.metadata ?? {};
    claims.push({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: `${pod.metadata?.name}-${name}`,
        namespace: pod.metadata?.namespace ?? "",
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controllerReference(pod, PODS)],
      },
      ...(template.spec === undefined ? {} : { spec: template.spec }),
    });
  }
  return claims;
}

/** Makes the claims of ephemeral volumes, which go with their pod. */
export const ephemeralVolumeController: Controller = {
  name: "ephemeral-volume-controller",
  aliases: ["ephemeral-volume"],
  start(context) {
    const pods = context.informers.pods();
    const claims = context.informers.of(PERSISTENT_VOLUME_CLAIMS);
    const events = recorderOf(context, "ephemeral_volume");
    const loop = runLoop(context, {
      name: "ephemeral-volume",
      needs: [pods, claims],
      workers: 4,
      reconcile: async (key) => {
        const pod = pods.get(key);
        if (pod === undefined || !isActive(pod)) return;
        for (const claim of ephemeralClaims(pod)) {
          const name = claim.metadata?.name ?? "";
          let known = claims.get(`${claim.metadata?.namespace}/${name}`);
          try {
            known ??= await context.client.create<PersistentVolumeClaim>(
              PERSISTENT_VOLUME_CLAIMS,
              claim,
            );
          } catch (error) {
            if (!hasReason(error, "AlreadyExists")) {
              events.warning(
                pod,
                "FailedBinding",
                `ephemeral volume controller: create PVC ${name}: ${errorText(error)}`,
              );
            }
            throw error;
          }
          if (controllerOf(known)?.uid !== pod.metadata?.uid) {
            const message =
              `PVC "${claim.metadata?.namespace}/${name}" was not created for pod "${key}" (pod is not owner)`;
            events.warning(pod, "FailedBinding", message);
            throw new Error(message);
          }
        }
      },
    });
    pods.onChange(({ key, current, previous }) => {
      const isNew = previous === undefined || previous.metadata?.uid !== current?.metadata?.uid;
      const hasAny = current?.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined);
      if (isNew && hasAny) loop.queue.add(key);
    });
    claims.onChange(({ current, previous }) => {
      const owner = previous === undefined ? undefined : controllerOf(previous);
      if (current === undefined && owner?.kind === "Pod") {
        loop.queue.add(`${previous!.metadata?.namespace}/${owner.name}`);
      }
    });
    return loop;
  },
};
