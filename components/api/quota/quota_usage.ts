import type { ResourceQuota } from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import { addAmounts, type Amounts, countOf, listOf, maskAmounts } from "./amounts.ts";
import { quotaEvaluator, quotaResource } from "./evaluators.ts";
import { scopesOf } from "./scopes.ts";

/** What a namespace holds, as far as a quota asks. Resources are called `plural` or `plural.group`. */
export interface NamespaceContents {
  /** All objects of a resource that is measured. */
  objects(resource: string): readonly KubeObject[];
  /** How many there are of one that is only counted; undefined where nothing of that name is served. */
  count(resource: string): number | undefined;
}

/** Resources of which more than the number counts. */
const MEASURED = new Set([
  "pods",
  "services",
  "persistentvolumeclaims",
  "resourceclaims.resource.k8s.io",
]);

/** Whether a quota measures the objects of that resource, or only counts them. */
export const isMeasured = (resource: string): boolean => MEASURED.has(resource);

/** How much of each entry of `hard` the namespace uses. `now` is in milliseconds since the epoch. */
export function quotaUsage(
  quota: ResourceQuota,
  contents: NamespaceContents,
  now: number,
): Record<string, string> {
  const names = new Set(Object.keys(quota.spec?.hard ?? {}));
  const scopes = scopesOf(quota);
  let used: Amounts = new Map();
  const resources = new Set([...names].map(quotaResource).filter((one) => one !== undefined));
  for (const resource of resources) {
    const dot = resource.indexOf(".");
    const evaluator = dot < 0
      ? quotaEvaluator("", resource)
      : quotaEvaluator(resource.slice(dot + 1), resource.slice(0, dot));
    const tracked = [...names].filter((name) => evaluator.tracks(name));
    const counts = MEASURED.has(resource) ? 0 : contents.count(resource);
    if (counts === undefined) continue;
    // No scope is about objects that are only counted.
    const start = countOf(scopes.length === 0 ? counts : 0);
    used = addAmounts(used, new Map(tracked.map((name) => [name, start])));
    if (!MEASURED.has(resource)) continue;
    for (const object of contents.objects(resource)) {
      if (!scopes.every((scope) => evaluator.inScope(object, scope))) continue;
      used = addAmounts(used, maskAmounts(evaluator.usage(object, now), names));
    }
  }
  return listOf(used);
}
