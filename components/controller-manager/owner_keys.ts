import type { KubeObject, LabelMatcher } from "../api/mod.ts";
import { type Change, type Informer, objectKey } from "../reconcile/mod.ts";
import { BY_NAMESPACE } from "./informers.ts";
import { controllerOf } from "./ownership.ts";

/** Those of one kind that control objects of another. */
export interface Owners<O extends KubeObject> {
  readonly kind: string;
  readonly informer: Informer<O>;
  readonly selectorOf: (owner: O) => LabelMatcher;
}

/** `namespace/name` of the one of that kind that controls an object. */
export function controllerKey(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${object.metadata?.namespace ?? ""}/${owner.name}` : undefined;
}

/**
 * Keys of the owners that a change concerns: the one that controlled the object, the one that does, and, when nobody
 * does, those that select it and may adopt it.
 */
export function* concernedKeys<O extends KubeObject>(
  { current, previous }: Change<KubeObject>,
  { informer, kind, selectorOf }: Owners<O>,
): Iterable<string> {
  for (const object of [previous, current]) {
    const key = object === undefined ? undefined : controllerKey(object, kind);
    if (key !== undefined) yield key;
  }
  if (current === undefined || controllerOf(current) !== undefined) return;
  const { labels, namespace = "" } = current.metadata ?? {};
  for (const owner of informer.byIndex(BY_NAMESPACE, namespace)) {
    if (selectorOf(owner).matches(labels)) yield objectKey(owner);
  }
}
