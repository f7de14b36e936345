import type { NodeSelectorTerm } from "../../generated/types.ts";
import type { Path } from "../path.ts";

/** Labels of nodes that have a newer name. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region":
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone":
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type":
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

/** What is wrong with a label of nodes, if it is one of the old ones. */
export function oldLabel(key: string): string | undefined {
  return Object.hasOwn(OLD_NODE_LABELS, key) ? OLD_NODE_LABELS[key] : undefined;
}

export function selectorWarnings(
  selector: Readonly<Record<string, string>> | undefined,
  path: Path,
): string[] {
  return Object.keys(selector ?? {}).flatMap((key) => {
    const text = oldLabel(key);
    return text === undefined ? [] : [`${path.key(key)}: ${text}`];
  });
}

export function termWarnings(term: NodeSelectorTerm | undefined, path: Path): string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key = "" }, i) => {
    const text = oldLabel(key);
    const at = path.child("matchExpressions").at(i).child("key");
    return text === undefined ? [] : [`${at}: ${key} is ${text}`];
  });
}
