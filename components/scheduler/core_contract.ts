import type {
  LabelSelector,
  Node,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  TopologySpreadConstraint,
} from "../api/mod.ts";

/** Plugins that filter in the core, in the order in which they are asked. */
export const FILTER_PLUGINS = [
  "NodeUnschedulable",
  "NodeName",
  "TaintToleration",
  "NodeAffinity",
  "NodePorts",
  "NodeResourcesFit",
  "VolumeRestrictions",
  "NodeVolumeLimits",
  "VolumeBinding",
  "VolumeZone",
  "PodTopologySpread",
  "InterPodAffinity",
  "DynamicResources",
  "NodeDeclaredFeatures",
] as const;

/** Plugins that score in the core, in the order in which they are asked. */
export const SCORE_PLUGINS = [
  "TaintToleration",
  "NodeAffinity",
  "NodeResourcesFit",
  "PodTopologySpread",
  "InterPodAffinity",
  "NodeResourcesBalancedAllocation",
  "ImageLocality",
] as const;

export type FilterPlugin = typeof FILTER_PLUGINS[number];
export type ScorePlugin = typeof SCORE_PLUGINS[number];

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** What one profile asks of the core. What is left out is kube-scheduler's default. */
export interface CoreProfile {
  /** spec.schedulerName of the pods that use it. */
  readonly name: string;
  readonly disabledFilters?: readonly FilterPlugin[];
  /** Weights at Score; a plugin with weight 0 does not score. Those that are left out keep upstream's. */
  readonly weights?: Readonly<Partial<Record<ScorePlugin, number>>>;
  readonly fit?: {
    readonly strategy?: "LeastAllocated" | "MostAllocated" | "RequestedToCapacityRatio";
    readonly resources?: readonly WeightedResource[];
    /** Of RequestedToCapacityRatio: utilization in per cent, ascending; score 0 to 10. */
    readonly shape?: readonly { readonly utilization: number; readonly score: number }[];
    readonly ignoredResources?: readonly string[];
    /** Prefixes of extended resources, before the slash. */
    readonly ignoredResourceGroups?: readonly string[];
  };
  readonly balancedResources?: readonly WeightedResource[];
  readonly addedAffinity?: NodeAffinity;
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
  /** Spread of pods without constraints of their own; needs `PodExtras.defaultSelector`. */
  readonly defaultConstraints?: "System" | readonly TopologySpreadConstraint[];
  /** 0: as upstream, by the number of nodes; 100: exact, all nodes are looked at and scored. */
  readonly percentageOfNodesToScore?: number;
}

/**
 * A rule that is found outside the core and holds for one pod. It is asked at the place of its plugin, after the core's
 * own rule of that plugin; a plugin that the core does not know comes after all others. A node passes when every part
 * that is given holds: it is in `names`, it is not in `except`, it matches one of `terms` (ORed; an empty list: none).
 */
export interface ExtraConstraint {
  readonly plugin: string;
  /** The text that a refused node counts under. */
  readonly reason: string;
  /** Removing pods from the node cannot help. */
  readonly unresolvable: boolean;
  readonly terms?: readonly NodeSelectorTerm[];
  readonly names?: readonly string[];
  readonly except?: readonly string[];
  /** Handles of pods: the rule falls when none of them is on a node any more, as when they are preempted. */
  readonly holders?: readonly number[];
}

/** A volume that counts against a node's limit for its driver; the same handle counts once a node. */
export interface VolumeUse {
  readonly driver: string;
  readonly handle: string;
}

/** What a pod's object does not say. */
export interface PodExtras {
  /** The joined selector of the Services, controllers and sets that own the pod. */
  readonly defaultSelector?: LabelSelector;
  readonly constraints?: readonly ExtraConstraint[];
  readonly volumes?: readonly VolumeUse[];
  /** Extended resources that devices may serve, on nodes that have none of them: NodeResourcesFit lets these pass. */
  readonly deviceResources?: readonly string[];
}

/** A pod to be placed in the core's form; valid until the profiles change. It may be asked about more than once. */
export interface EncodedPod {
  readonly numbers: Float64Array;
}

/** A reason with the nodes that gave it. */
export interface Refusal {
  readonly plugin: string;
  readonly text: string;
  readonly unresolvable: boolean;
  readonly nodes: number;
}

export interface Decision {
  /** The chosen node; undefined where no node is feasible. */
  readonly node: string | undefined;
  readonly evaluated: number;
  readonly feasible: number;
  /** Weighted total of the chosen node; 0 where only one was feasible. */
  readonly score: number;
  /** A rule that no node can meet, whatever nodes there are: it stands in the place of counts. */
  readonly preFilter: string | undefined;
  /** Empty where a node was found. */
  readonly refusals: readonly Refusal[];
  /** How many refused nodes could be helped by removing pods. */
  readonly resolvable: number;
}

/** One node's refusal: the plugin that refused first, with all of its reasons. */
export interface NodeRefusal {
  readonly node: string;
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly unresolvable: boolean;
}

export interface FilterResult {
  /** In the order in which they were looked at. */
  readonly feasible: readonly string[];
  readonly evaluated: number;
  readonly preFilter: string | undefined;
  /** Decoded when it is asked for. */
  refused(): readonly NodeRefusal[];
}

export interface ScoreResult {
  readonly names: readonly string[];
  /** Normalised times weight, one number a name; a plugin that has nothing to say of the pod is left out. */
  readonly scores: Readonly<Partial<Record<ScorePlugin, Float64Array>>>;
  readonly totals: Float64Array;
}

/** One node's verdict. Scores are normalised over all feasible nodes, times weight. */
export type Verdict =
  | {
    readonly node: string;
    readonly scores: Readonly<Partial<Record<ScorePlugin, number>>>;
    readonly total: number;
  }
  | NodeRefusal;

/** A PodDisruptionBudget, for the pods of its namespace that its selector matches. */
export interface CoreBudget {
  readonly namespace: string;
  /** One that is missing or selects everything covers nobody. */
  readonly selector: LabelSelector | undefined;
  readonly allowed: number;
  /** Handles of pods whose end is counted already. */
  readonly except?: readonly number[];
}

export interface PreemptOptions {
  /** Handles of pods that must not be victims. */
  readonly protected?: readonly number[];
  /** Disruptions that each budget still allows. */
  readonly budgets?: readonly number[];
  /** A pod's handle to the indices of the budgets that cover it. */
  readonly budgetsOf?: ReadonlyMap<number, readonly number[]>;
  /** Budgets by their selectors: the core itself finds whom they cover, among possible victims alone. */
  readonly disruptionBudgets?: readonly CoreBudget[];
  /** How many candidates end the dry run: of the nodes that could be helped so many per cent, at least the minimum. */
  readonly candidates?: { readonly percentage: number; readonly minimum: number };
  /** Where among the nodes the dry run starts; any whole number. */
  readonly offset?: number;
  /** Only these nodes are tried; undefined: all that refused in a way that removing pods could mend. */
  readonly within?: readonly string[];
}

export interface PreemptCandidate {
  readonly node: string;
  /** Handles, by falling priority and rising start time. */
  readonly victims: readonly number[];
  readonly violations: number;
}

export interface Preemption {
  readonly candidates: readonly PreemptCandidate[];
  /** Upstream's choice among the candidates. */
  readonly chosen: PreemptCandidate | undefined;
  /** Why the other nodes are no candidates; the plugin is `DefaultPreemption` where no filter is to blame. */
  readonly refusals: readonly Refusal[];
}

/**
 * The scheduler's core: a snapshot of nodes and the pods on them that deltas keep, and decisions over it. All calls are
 * synchronous and none keeps an object that it is given. Handles are numbers of the caller's, one a pod, at most 2^32.
 * Deltas that say what is known already change nothing and cost little.
 */
export interface SchedulerCore {
  /** Nodes in the snapshot. */
  readonly nodes: number;
  /** Replaces all profiles. The first one is used for names that are not among them. */
  configure(profiles: readonly CoreProfile[]): void;
  /** `attachLimits`: volumes that the node can attach, by CSI driver (its CSINode's allocatable.count). */
  putNode(node: Node, attachLimits?: Readonly<Record<string, number>>): void;
  /** Its pods are remembered and count again when a node of that name comes back. */
  removeNode(name: string): void;
  /** A pod that takes room on a node: bound or assumed. Replaces what the handle was, also a nomination. */
  putPod(handle: number, node: string, pod: Pod, volumes?: readonly VolumeUse[]): void;
  /** `putPod` of a pod as it was encoded last: costs the least. */
  assume(pod: EncodedPod, node: string): void;
  removePod(handle: number): void;
  putNamespace(name: string, labels: Readonly<Record<string, string>>): void;
  removeNamespace(name: string): void;
  /** A pod that is expected on a node: it counts for the filters of pods of its priority or less. */
  nominate(handle: number, node: string, pod: Pod, volumes?: readonly VolumeUse[]): void;
  denominate(handle: number): void;

  /** The pod as the other calls want it. Its spec.schedulerName chooses the profile. */
  encode(handle: number, pod: Pod, extras?: PodExtras): EncodedPod;
  /** The whole decision, for a pod that no plugin outside the core and no extender touches. */
  schedule(pod: EncodedPod): Decision;
  /** The filters alone, nodes in the order and to the number that `schedule` would look at. */
  filter(pod: EncodedPod): FilterResult;
  /** Scores of the named nodes, normalised over them. Names that the snapshot does not have are left out. */
  score(pod: EncodedPod, names: readonly string[]): ScoreResult;
  explain(pod: EncodedPod): Verdict[];
  preempt(pod: EncodedPod, options?: PreemptOptions): Preemption;
  /** Names of the nodes that match one of the terms. */
  matching(terms: readonly NodeSelectorTerm[]): string[];
  /** Frees the core's memory. */
  end(): void;
}
