import type { Container, PodSpec } from "../../generated/types.ts";
import { dnsLabelProblems } from "../../names.ts";
import { Path } from "../path.ts";

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

/** What is allowed in a pod's spec, but hardly meant. */
export function podSpecWarnings(spec: PodSpec | undefined, path: Path): string[] {
  const found: string[] = [];
  for (const key in spec?.nodeSelector) {
    const text = OLD_NODE_LABELS[key];
    if (text !== undefined) found.push(`${path.child("nodeSelector").key(key)}: ${text}`);
  }
  for (const member of ["initContainers", "containers"] as const) {
    for (const [i, container] of (spec?.[member] ?? []).entries()) {
      containerWarnings(container, path.child(member).at(i), found);
    }
  }
  if ((spec?.terminationGracePeriodSeconds ?? 0) < 0) {
    found.push(
      `${
        path.child("terminationGracePeriodSeconds")
      }: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  return found;
}

function containerWarnings({ env, ports }: Container, path: Path, found: string[]): void {
  const names = new Set<string>();
  for (const [i, { name = "", value = "" }] of (env ?? []).entries()) {
    if (names.has(name) && !value.includes(`$(${name})`)) {
      found.push(
        `${path.child("env").at(i)}: hides previous definition of ${
          JSON.stringify(name)
        }, which may be dropped when using apply`,
      );
    }
    names.add(name);
  }
  const places = new Map<string, Path>();
  for (const [i, { containerPort, protocol }] of (ports ?? []).entries()) {
    const at = path.child("ports").at(i);
    const place = `${containerPort}/${protocol}`;
    const other = places.get(place);
    if (other === undefined) places.set(place, at);
    else found.push(`${at}: duplicate port definition with ${other}`);
  }
}

/** A pod's own name becomes its host's. */
export function podNameWarnings(name: string): string[] {
  const problems = name === "" ? [] : dnsLabelProblems(name);
  return problems.length === 0 ? [] : [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${
      problems.join(" ")
    }]`,
  ];
}
