import type { PodAffinityTerm, PodSpec, Volume } from "../../generated/types.ts";
import type { ObjectMeta } from "../../object.ts";
import { dnsLabelProblems } from "../../names.ts";
import type { Path } from "../path.ts";
import { addressWarnings } from "./addresses.ts";
import { containerWarnings } from "./containers.ts";
import { oldLabel, selectorWarnings, termWarnings } from "./labels.ts";
import { claimSpecWarnings, fractionWarnings, sourceWarnings } from "./volumes.ts";

/** Annotations that do nothing any more. */
const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  "scheduler.alpha.kubernetes.io/critical-pod":
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls":
    'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls":
    'non-functional in v1.11+; use the "sysctls" field instead',
};
const SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead';
const NO_SELECTOR = "a null labelSelector results in matching no pod";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** What is allowed in a pod's spec, but hardly meant. */
export function podSpecWarnings(spec: PodSpec | undefined, path: Path): string[] {
  const found = selectorWarnings(spec?.nodeSelector, path.child("nodeSelector"));
  affinityWarnings(spec, path.child("affinity"), found);
  for (const [i, spread] of (spec?.topologySpreadConstraints ?? []).entries()) {
    const at = path.child("topologySpreadConstraints").at(i);
    const { labelSelector, topologyKey = "" } = spread;
    const text = oldLabel(topologyKey);
    if (text !== undefined) found.push(`${at.child("topologyKey")}: ${topologyKey} is ${text}`);
    if (labelSelector === undefined) found.push(`${at.child("labelSelector")}: ${NO_SELECTOR}`);
  }
  for (const [i, volume] of (spec?.volumes ?? []).entries()) {
    const at = path.child("volumes").at(i);
    found.push(...sourceWarnings(volume, at));
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    const template = at.child("ephemeral").child("volumeClaimTemplate").child("spec");
    found.push(...claimSpecWarnings(claim, template));
  }
  found.push(...tokenPathWarnings(spec?.volumes ?? [], path.child("volumes")));
  found.push(...repeatedWarnings(spec, path));
  const overhead = path.child("overhead");
  found.push(...fractionWarnings(spec?.overhead, ["memory", "ephemeral-storage"], overhead));
  found.push(...containerWarnings(spec, path));
  if ((spec?.terminationGracePeriodSeconds ?? 0) < 0) {
    found.push(
      `${
        path.child("terminationGracePeriodSeconds")
      }: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const [i, server] of (spec?.dnsConfig?.nameservers ?? []).entries()) {
    found.push(...addressWarnings(server, path.child("dnsConfig").child("nameservers").at(i)));
  }
  return found;
}

/** Addresses and secrets that are named twice. */
function repeatedWarnings(spec: PodSpec | undefined, path: Path): string[] {
  const found: string[] = [];
  const addresses = new Set<string>();
  for (const [i, { ip = "" }] of (spec?.hostAliases ?? []).entries()) {
    const at = path.child("hostAliases").at(i).child("ip");
    if (addresses.has(ip)) found.push(`${at}: duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
    found.push(...addressWarnings(ip, at));
  }
  const names = new Set<string>();
  const secrets = spec?.imagePullSecrets ?? [];
  for (const [i, { name = "" }] of secrets.entries()) {
    const at = path.child("imagePullSecrets").at(i).child("name");
    if (names.has(name)) found.push(`${at}: duplicate name ${JSON.stringify(name)}`);
    names.add(name);
  }
  for (const [i, { name = "" }] of secrets.entries()) {
    const at = path.child("imagePullSecrets").at(i).child("name");
    if (name === "") found.push(`${at}: invalid empty name ""`);
  }
  return found;
}

/** Files that would stand where an account's token does. */
function tokenPathWarnings(volumes: readonly Volume[], path: Path): string[] {
  const tokens = new Set(
    volumes.flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ serviceAccountToken }) =>
        serviceAccountToken === undefined ? [] : [serviceAccountToken.path ?? ""]
      )
    ),
  );
  if (tokens.size === 0) return [];
  const found: string[] = [];
  for (const [i, { projected }] of volumes.entries()) {
    const at = path.at(i).child("projected").child("sources");
    const check = (place: Path, text: string | undefined) => {
      if (text === undefined || !tokens.has(text)) return;
      found.push(
        `${place}: has duplicated path with ServiceAccountToken ${JSON.stringify(text)}`,
      );
    };
    for (const { configMap, secret, downwardAPI, clusterTrustBundle } of projected?.sources ?? []) {
      for (
        const [name, items] of [
          ["configMap", configMap?.items],
          ["secrets", secret?.items],
          ["downwardAPI", downwardAPI?.items],
        ] as const
      ) {
        for (const [j, { path: text }] of (items ?? []).entries()) {
          check(at.child(name).at(j), text);
        }
      }
      check(at.child("ClusterTrustBundle"), clusterTrustBundle?.path);
    }
  }
  return found;
}

/** Annotations of a pod or template that a field has taken the place of, where the field does not stand beside them. */
export function podAnnotationWarnings(
  metadata: ObjectMeta | undefined,
  path: Path,
  spec: PodSpec | undefined,
): string[] {
  const annotations = metadata?.annotations ?? {};
  const found: string[] = [];
  const warn = (key: string, text: string) => {
    if (Object.hasOwn(annotations, key)) {
      found.push(`${path.child("annotations").key(key)}: ${text}`);
    }
  };
  for (const [key, text] of Object.entries(OLD_ANNOTATIONS)) warn(key, text);
  const own = spec?.securityContext;
  if (own?.seccompProfile === undefined) warn("seccomp.security.alpha.kubernetes.io/pod", SECCOMP);
  for (const member of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const { name = "", securityContext } of spec?.[member] ?? []) {
      if (securityContext?.seccompProfile === undefined) {
        warn(`container.seccomp.security.alpha.kubernetes.io/${name}`, SECCOMP);
      }
      if ((securityContext?.appArmorProfile ?? own?.appArmorProfile) === undefined) {
        warn(`container.apparmor.security.beta.kubernetes.io/${name}`, APP_ARMOR);
      }
    }
  }
  return found;
}

function affinityWarnings(spec: PodSpec | undefined, path: Path, found: string[]): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const nodes = path.child("nodeAffinity");
  for (const [i, term] of (nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []).entries()) {
    found.push(...termWarnings(term, nodes.child(REQUIRED).child("nodeSelectorTerms").at(i)));
  }
  for (const [i, { preference }] of (nodeAffinity?.[PREFERRED] ?? []).entries()) {
    found.push(...termWarnings(preference, nodes.child(PREFERRED).at(i).child("preference")));
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

/** A pod's own name becomes its host's. */
export function podNameWarnings(name: string): string[] {
  const problems = name === "" ? [] : dnsLabelProblems(name);
  return problems.length === 0 ? [] : [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${
      problems.join(" ")
    }]`,
  ];
}
