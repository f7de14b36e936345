import type {
  Container,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Volume,
} from "../../generated/types.ts";
import type { ObjectMeta } from "../../object.ts";
import { dnsLabelProblems } from "../../names.ts";
import { tryParseQuantity } from "../../quantity.ts";
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

/** Annotations that a field has taken the place of, whole or by their beginning. */
const OLD_ANNOTATIONS: readonly (readonly [string, string])[] = [
  [
    "scheduler.alpha.kubernetes.io/critical-pod",
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    "seccomp.security.alpha.kubernetes.io/pod",
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    "container.seccomp.security.alpha.kubernetes.io/",
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    "container.apparmor.security.beta.kubernetes.io/",
    'deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
];

const OLD_VOLUMES: Readonly<Record<string, string>> = {
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
};
const NO_SELECTOR = "a null labelSelector results in matching no pod";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** What is allowed in a pod's spec, but hardly meant. */
export function podSpecWarnings(spec: PodSpec | undefined, path: Path): string[] {
  const found: string[] = [];
  for (const key in spec?.nodeSelector) {
    const text = OLD_NODE_LABELS[key];
    if (text !== undefined) found.push(`${path.child("nodeSelector").key(key)}: ${text}`);
  }
  affinityWarnings(spec, path.child("affinity"), found);
  for (const [i, { labelSelector }] of (spec?.topologySpreadConstraints ?? []).entries()) {
    if (labelSelector !== undefined) continue;
    found.push(
      `${path.child("topologySpreadConstraints").at(i).child("labelSelector")}: ${NO_SELECTOR}`,
    );
  }
  for (const [i, volume] of (spec?.volumes ?? []).entries()) {
    volumeWarnings(volume, path.child("volumes").at(i), found);
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

/** Annotations of a pod or template that do nothing any more. */
export function podAnnotationWarnings(metadata: ObjectMeta | undefined, path: Path): string[] {
  const found: string[] = [];
  for (const key in metadata?.annotations) {
    for (const [name, text] of OLD_ANNOTATIONS) {
      if (key === name || name.endsWith("/") && key.startsWith(name)) {
        found.push(`${path.child("annotations").key(key)}: ${text}`);
      }
    }
  }
  return found;
}

function affinityWarnings(spec: PodSpec | undefined, path: Path, found: string[]): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const nodes = path.child("nodeAffinity");
  for (const [i, term] of (nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []).entries()) {
    termWarnings(term, nodes.child(REQUIRED).child("nodeSelectorTerms").at(i), found);
  }
  for (const [i, { preference }] of (nodeAffinity?.[PREFERRED] ?? []).entries()) {
    termWarnings(preference, nodes.child(PREFERRED).at(i).child("preference"), found);
  }
  for (
    const [member, affinity] of [
      ["podAffinity", podAffinity],
      ["podAntiAffinity", podAntiAffinity],
    ] as const
  ) {
    const at = path.child(member);
    const warn = (term: PodAffinityTerm | undefined, where: Path) => {
      if (term?.labelSelector !== undefined) return;
      found.push(`${where.child("labelSelector")}: ${NO_SELECTOR}`);
    };
    for (const [i, term] of (affinity?.[REQUIRED] ?? []).entries()) {
      warn(term, at.child(REQUIRED).at(i));
    }
    for (const [i, { podAffinityTerm }] of (affinity?.[PREFERRED] ?? []).entries()) {
      warn(podAffinityTerm, at.child(PREFERRED).at(i).child("podAffinityTerm"));
    }
  }
}

function termWarnings(term: NodeSelectorTerm | undefined, path: Path, found: string[]): void {
  for (const [i, { key = "" }] of (term?.matchExpressions ?? []).entries()) {
    const text = OLD_NODE_LABELS[key];
    if (text === undefined) continue;
    found.push(`${path.child("matchExpressions").at(i).child("key")}: ${key} is ${text}`);
  }
}

function volumeWarnings(volume: Volume, path: Path, found: string[]): void {
  for (const type in OLD_VOLUMES) {
    if (volume[type as keyof Volume] === undefined) continue;
    found.push(`${path.child(type)}: ${OLD_VOLUMES[type]}`);
  }
}

function containerWarnings(container: Container, path: Path, found: string[]): void {
  const { env, ports, resources } = container;
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
  for (const member of ["requests", "limits"] as const) {
    for (const name of ["memory", "ephemeral-storage"]) {
      const text = resources?.[member]?.[name];
      const quantity = text === undefined ? undefined : tryParseQuantity(String(text));
      if (quantity === undefined || quantity.nano % 1_000_000_000n === 0n) continue;
      found.push(
        `${path.child("resources").child(member).key(name)}: fractional byte value ${
          JSON.stringify(text)
        } is invalid, must be an integer`,
      );
    }
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
