import {
  type CoreProfile,
  FILTER_PLUGINS,
  SCORE_PLUGINS,
  type ScorePlugin,
  type WeightedResource,
} from "./core_contract.ts";
import type { CoreWriter } from "./core_writer.ts";

const WEIGHTS: Readonly<Record<ScorePlugin, number>> = {
  TaintToleration: 3,
  NodeAffinity: 2,
  NodeResourcesFit: 1,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesBalancedAllocation: 1,
  ImageLocality: 1,
};
const STRATEGIES = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"] as const;
const KINDS: Readonly<Record<string, number>> = { cpu: 1, memory: 2, "ephemeral-storage": 3 };
const SCALAR = 4;
const DEFAULT_RESOURCES: readonly WeightedResource[] = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
];
/** Shapes give scores of 0 to 10, nodes have 0 to 100. */
const SHAPE_FACTOR = 10;

/** Writes all profiles, in the order of their indices. */
export function writeProfiles(out: CoreWriter, profiles: readonly CoreProfile[]): void {
  out.text("kubernetes.io/hostname");
  out.number(profiles.length);
  for (const profile of profiles) writeProfile(out, profile);
}

function writeProfile(out: CoreWriter, profile: CoreProfile): void {
  let disabled = 0;
  for (const name of profile.disabledFilters ?? []) disabled |= 1 << FILTER_PLUGINS.indexOf(name);
  out.number(disabled);
  out.number(SCORE_PLUGINS.length);
  for (const name of SCORE_PLUGINS) out.number(profile.weights?.[name] ?? WEIGHTS[name]);
  const { strategy = "LeastAllocated", resources = DEFAULT_RESOURCES, shape = [] } = profile.fit ??
    {};
  out.number(STRATEGIES.indexOf(strategy));
  out.number(resources.length);
  for (const { name, weight } of resources) {
    writeResource(out, name);
    out.number(weight);
  }
  out.number(shape.length);
  for (const { utilization, score } of shape) {
    out.number(utilization);
    out.number(score * SHAPE_FACTOR);
  }
  const balanced = profile.balancedResources ?? DEFAULT_RESOURCES;
  out.number(balanced.length);
  for (const { name } of balanced) writeResource(out, name);
  const added = profile.addedAffinity;
  const required = added?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  out.flag(required !== undefined);
  if (required !== undefined) out.nodeTerms(required);
  const preferred = added?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  out.number(preferred.length);
  for (const { weight = 0, preference = {} } of preferred) {
    out.number(weight);
    out.nodeTerm(preference);
  }
  out.number(profile.hardPodAffinityWeight ?? 1);
  out.flag(profile.ignorePreferredTermsOfExistingPods === true);
  out.number(profile.percentageOfNodesToScore ?? 0);
}

function writeResource(out: CoreWriter, name: string): void {
  out.number(KINDS[name] ?? SCALAR);
  out.text(name);
}
