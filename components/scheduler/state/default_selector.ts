import type { LabelSelector, Pod } from "../../api/mod.ts";

type Labels = Readonly<Record<string, string>>;

/** Selectors of Services by their namespace and one of their pairs: a pod looks under its own labels alone. */
export class ServiceSelectors {
  readonly #byPair = new Map<string, Map<string, Labels>>();
  readonly #pairs = new Map<string, string>();

  /** A Service without a selector selects nothing. */
  put(key: string, namespace: string, selector: Labels | undefined): void {
    this.delete(key);
    const [first] = Object.entries(selector ?? {});
    if (selector === undefined || first === undefined) return;
    const pair = `${namespace}/${first[0]}=${first[1]}`;
    this.#pairs.set(key, pair);
    const services = this.#byPair.get(pair);
    if (services === undefined) this.#byPair.set(pair, new Map([[key, selector]]));
    else services.set(key, selector);
  }

  delete(key: string): void {
    const pair = this.#pairs.get(key);
    if (pair === undefined) return;
    this.#pairs.delete(key);
    const services = this.#byPair.get(pair);
    services?.delete(key);
    if (services?.size === 0) this.#byPair.delete(pair);
  }

  /** The pairs of all Services that select the pod. */
  of(namespace: string, labels: Labels): Record<string, string> {
    const joined: Record<string, string> = {};
    for (const [key, value] of Object.entries(labels)) {
      for (const selector of this.#byPair.get(`${namespace}/${key}=${value}`)?.values() ?? []) {
        if (Object.entries(selector).every(([name, wanted]) => labels[name] === wanted)) {
          Object.assign(joined, selector);
        }
      }
    }
    return joined;
  }
}

/** The controller's selector, where it is of a kind whose pods are spread. */
export type OwnerSelector = (
  kind: "ReplicationController" | "ReplicaSet" | "StatefulSet",
  namespace: string,
  name: string,
) => LabelSelector | undefined;

const OWNERS: Readonly<Record<string, string>> = {
  "v1/ReplicationController": "ReplicationController",
  "apps/v1/ReplicaSet": "ReplicaSet",
  "apps/v1/StatefulSet": "StatefulSet",
};

/**
 * What pods are counted with a pod that has no spread constraints of its own: those of its Services and its
 * controller. Undefined where it has neither. Pure but for what it is given.
 */
export function defaultSelector(
  pod: Pod,
  services: ServiceSelectors,
  owner: OwnerSelector,
): LabelSelector | undefined {
  const { labels = {}, namespace = "", ownerReferences = [] } = pod.metadata ?? {};
  const pairs = services.of(namespace, labels);
  const controller = ownerReferences.find(({ controller }) => controller === true);
  const kind = controller === undefined
    ? undefined
    : OWNERS[`${controller.apiVersion}/${controller.kind}`];
  const selector = kind === undefined
    ? undefined
    : owner(kind as "ReplicaSet", namespace, controller?.name ?? "");
  const matchLabels = { ...pairs, ...selector?.matchLabels };
  const matchExpressions = selector?.matchExpressions ?? [];
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return { matchLabels, ...(matchExpressions.length === 0 ? {} : { matchExpressions }) };
}
