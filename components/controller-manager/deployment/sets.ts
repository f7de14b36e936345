import { equalJson } from "../../base/mod.ts";
import { type Deployment, REPLICA_SETS, type ReplicaSet } from "../../api/mod.ts";
import { DEPLOYMENTS } from "../../api/mod.ts";
import { controllerReference } from "../ownership.ts";
import { timeOf } from "../pod_state.ts";
import { newSetAnnotations, sizeAnnotations } from "./annotations.ts";
import { sizeOf } from "./limits.ts";
import { TEMPLATE_HASH, templateHash, withoutHash } from "./template_hash.ts";

/** Oldest first; of the same second, by name. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return timeOf(a.metadata?.creationTimestamp) - timeOf(b.metadata?.creationTimestamp) ||
    ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);
}

/** The set of the deployment's template, if there is one: the oldest of several. */
export function findNewSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const template = withoutHash(deployment.spec?.template);
  return [...sets].sort(byCreation).find((set) =>
    equalJson(withoutHash(set.spec?.template), template)
  );
}

export const isActiveSet = (set: ReplicaSet): boolean => sizeOf(set) > 0;

/** The set to create for the deployment's template. */
export function newSet(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const hash = templateHash(withoutHash(template), deployment.status?.collisionCount ?? 0);
  const labels = { ...template?.metadata?.labels, [TEMPLATE_HASH]: hash };
  return {
    apiVersion: `${REPLICA_SETS.group}/${REPLICA_SETS.version}`,
    kind: REPLICA_SETS.kind,
    metadata: {
      name: `${deployment.metadata?.name ?? ""}-${hash}`,
      namespace: deployment.metadata?.namespace ?? "",
      labels,
      annotations: {
        ...newSetAnnotations(deployment, {}, revision),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment, DEPLOYMENTS)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: {
        ...selector,
        matchLabels: { ...selector?.matchLabels, [TEMPLATE_HASH]: hash },
      },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
}
