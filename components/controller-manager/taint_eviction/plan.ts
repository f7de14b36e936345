import { type Pod, type Taint, tolerates } from "../../api/mod.ts";

/** When a pod has to go, counted from the moment it came under its node's taints, in milliseconds. */
export type EvictionPlan =
  | { readonly kind: "stay" }
  | { readonly kind: "go"; readonly afterMilliseconds: number };

/** Decides by the NoExecute taints of a pod's node and the tolerations of the pod. */
export function planEviction(pod: Pod, taints: readonly Taint[] | undefined): EvictionPlan {
  let seconds = Infinity;
  let tainted = false;
  for (const taint of taints ?? []) {
    if (taint.effect !== "NoExecute") continue;
    tainted = true;
    const toleration = (pod.spec?.tolerations ?? []).find((one) => tolerates(one, taint));
    if (toleration === undefined) return { kind: "go", afterMilliseconds: 0 };
    const limit = toleration.tolerationSeconds;
    if (limit !== undefined) seconds = Math.min(seconds, Math.max(0, limit));
  }
  if (!tainted || seconds === Infinity) return { kind: "stay" };
  return { kind: "go", afterMilliseconds: seconds * 1000 };
}
