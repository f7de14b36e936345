import {
  type Pod,
  PODS,
  type ResourceClaim,
  type ResourceClaimConsumerReference,
  type ResourceClaimTemplate,
} from "../../api/mod.ts";
import { controllerReference } from "../ownership.ts";
import { isGoing, isTerminal } from "../pod_state.ts";

/** On a claim: the name in its pod's `spec.resourceClaims` that it is made for. */
export const POD_CLAIM_NAME = "resource.kubernetes.io/pod-claim-name";
/** Keeps an allocated claim from going away before its devices are given back. */
export const DELETE_PROTECTION = "resource.kubernetes.io/delete-protection";

/** Whether a pod needs its claims no more: it has ended, or is going without ever having had a node. */
export function isDone(pod: Pod): boolean {
  return isTerminal(pod) || (isGoing(pod) && (pod.spec?.nodeName ?? "") === "");
}

/** A claim that a pod's template asks for. */
export interface WantedClaim {
  /** In the pod. */
  readonly name: string;
  readonly template: string;
  /** A claim that was made for it and that the pod's status does not name yet. */
  readonly made: string | undefined;
}

/** The claims of templates that a pod's status does not name; `owned` are the claims that the pod controls. */
export function wantedClaims(pod: Pod, owned: Iterable<ResourceClaim>): WantedClaim[] {
  if (isGoing(pod) || isTerminal(pod)) return [];
  const named = new Set(pod.status?.resourceClaimStatuses?.map(({ name }) => name));
  const wanted: WantedClaim[] = [];
  let claims: readonly ResourceClaim[] | undefined;
  for (const { name = "", resourceClaimTemplateName: template } of pod.spec?.resourceClaims ?? []) {
    if (template === undefined || named.has(name)) continue;
    claims ??= [...owned];
    const made = claims.find(({ metadata }) =>
      metadata?.annotations?.[POD_CLAIM_NAME] === name && metadata.deletionTimestamp === undefined
    );
    wanted.push({ name, template, made: made?.metadata?.name });
  }
  return wanted;
}

/** The claim of a template for one of a pod's claims. */
export function claimOf(
  pod: Pod,
  { name }: WantedClaim,
  template: ResourceClaimTemplate,
): ResourceClaim {
  const { metadata = {}, spec } = template.spec ?? {};
  return {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: {
      generateName: `${pod.metadata?.name}-${name}-`,
      namespace: pod.metadata?.namespace ?? "",
      annotations: { ...metadata.annotations, [POD_CLAIM_NAME]: name },
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ownerReferences: [controllerReference(pod, PODS)],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** Reservations of pods that still need the claim. `podOf` answers undefined for a pod that is gone or another by now. */
export function keptReservations(
  claim: ResourceClaim,
  podOf: (reference: ResourceClaimConsumerReference) => Pod | undefined,
): ResourceClaimConsumerReference[] {
  return (claim.status?.reservedFor ?? []).filter((reference) => {
    // Other consumers look after their reservations themselves.
    if (reference.resource !== "pods" || (reference.apiGroup ?? "") !== "") return true;
    const pod = podOf(reference);
    return pod !== undefined && !isDone(pod);
  });
}

/** What becomes of a claim. */
export interface ClaimPlan {
  /** The status to write; undefined where it stays. */
  readonly status: ResourceClaim["status"] | undefined;
  /** Nothing is allocated any more: it may go. */
  readonly unprotect: boolean;
  /** Nobody uses it: where it was made for a pod that is done, it goes. */
  readonly unused: boolean;
}

/** What becomes of a claim of which these reservations are kept. */
export function planClaim(
  claim: ResourceClaim,
  kept: readonly ResourceClaimConsumerReference[],
): ClaimPlan {
  const { allocation, devices: _d, reservedFor = [], ...others } = claim.status ?? {};
  const isProtected = claim.metadata?.finalizers?.includes(DELETE_PROTECTION) === true;
  const unused = kept.length === 0;
  const going = claim.metadata?.deletionTimestamp !== undefined;
  const isLess = kept.length < reservedFor.length;
  // Devices are given back when the last pod has gone, and when the claim itself is to go.
  const frees = unused && isProtected && (isLess || going);
  if (frees) {
    const writes = allocation !== undefined || isLess;
    return { status: writes ? others : undefined, unprotect: true, unused };
  }
  if (!isLess) return { status: undefined, unprotect: false, unused };
  return {
    status: { ...claim.status, reservedFor: [...kept] },
    unprotect: false,
    unused,
  };
}
