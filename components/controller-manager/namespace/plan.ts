import { timestamp } from "../../base/mod.ts";
import type { KubeObject, Namespace, NamespaceCondition } from "../../api/mod.ts";
import type { Discovery, ServedResource } from "../discovery.ts";

/** True for a namespace that takes new objects. */
export function isLiveNamespace(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && namespace.metadata?.deletionTimestamp === undefined &&
    namespace.status?.phase !== "Terminating";
}

/** What one pass over a namespace has left. */
export interface Remains {
  readonly resource: ServedResource;
  readonly objects: readonly KubeObject[];
}

export interface PassOutcome {
  readonly discoveryFailures: Discovery["failures"];
  readonly deletionErrors: readonly string[];
  readonly remains: readonly Remains[];
}

/** The order of a pass: pods alone first, for what else is there may be what they need to end well. */
export function deletionOrder(resources: readonly ServedResource[]): {
  readonly pods: readonly ServedResource[];
  readonly rest: readonly ServedResource[];
} {
  const deletable = resources.filter((resource) =>
    resource.namespaced && ["list", "delete"].every((verb) => resource.verbs.includes(verb))
  );
  const isPods = ({ group, resource }: ServedResource) => group === "" && resource === "pods";
  return {
    pods: deletable.filter(isPods),
    rest: deletable.filter((resource) => !isPods(resource)),
  };
}

const qualified = ({ group, resource }: ServedResource): string => `${resource}.${group}`;

function remainingText(remains: readonly Remains[]): string {
  return remains.map(({ resource, objects }) =>
    `${qualified(resource)} has ${objects.length} resource instances`
  ).sort().join(", ");
}

function finalizerText(remains: readonly Remains[]): string {
  const counts = new Map<string, number>();
  for (const { objects } of remains) {
    for (const object of objects) {
      for (const finalizer of object.metadata?.finalizers ?? []) {
        counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
      }
    }
  }
  return [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
    .sort().join(", ");
}

/** The conditions that say how the deletion goes; the previous list itself where nothing has changed. */
export function namespaceConditions(
  previous: readonly NamespaceCondition[],
  outcome: PassOutcome,
  now: number,
): readonly NamespaceCondition[] {
  const discovery = outcome.discoveryFailures.map(({ groupVersion, error }) =>
    `${groupVersion}: ${error}`
  ).join(", ");
  const errors = [...outcome.deletionErrors].sort().join(", ");
  const remaining = remainingText(outcome.remains);
  const finalizers = finalizerText(outcome.remains);
  const wanted = [
    condition(
      "NamespaceDeletionDiscoveryFailure",
      discovery === "" ? undefined : [
        "DiscoveryFailed",
        `Discovery failed for some groups, ${outcome.discoveryFailures.length} failing: unable to retrieve the complete list of server APIs: ${discovery}`,
      ],
      ["ResourcesDiscovered", "All resources successfully discovered"],
    ),
    condition("NamespaceDeletionGroupVersionParsingFailure", undefined, [
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ]),
    condition(
      "NamespaceDeletionContentFailure",
      errors === "" ? undefined : [
        "ContentDeletionFailed",
        `Failed to delete all resource types, ${outcome.deletionErrors.length} remaining: ${errors}`,
      ],
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    ),
    condition(
      "NamespaceContentRemaining",
      remaining === ""
        ? undefined
        : ["SomeResourcesRemain", `Some resources are remaining: ${remaining}`],
      ["ContentRemoved", "All content successfully removed"],
    ),
    condition(
      "NamespaceFinalizersRemaining",
      finalizers === "" ? undefined : [
        "SomeFinalizersRemain",
        `Some content in the namespace has finalizers remaining: ${finalizers}`,
      ],
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    ),
  ];
  let changed = false;
  const next = wanted.map((one) => {
    const old = previous.find((other) => other.type === one.type);
    const same = old?.status === one.status && old?.reason === one.reason &&
      old?.message === one.message;
    if (old !== undefined && same) return old;
    changed = true;
    const since = old?.status === one.status ? old?.lastTransitionTime : undefined;
    return { ...one, lastTransitionTime: since ?? timestamp(now) };
  });
  const others = previous.filter((old) => !wanted.some((one) => one.type === old.type));
  return changed ? [...others, ...next] : previous;
}

function condition(
  type: string,
  bad: readonly [string, string] | undefined,
  good: readonly [string, string],
): NamespaceCondition {
  const [reason, message] = bad ?? good;
  return { type, status: bad === undefined ? "False" : "True", reason, message };
}

/** How long the longest grace among the remaining objects still runs, in milliseconds; 0 where none has one. */
export function longestGrace(remains: readonly Remains[]): number {
  let most = 0;
  for (const { objects } of remains) {
    for (const { metadata } of objects) {
      most = Math.max(most, metadata?.deletionGracePeriodSeconds ?? 0);
    }
  }
  return most * 1000;
}
