import type { Pod } from "../../api/mod.ts";
import {
  argsOf,
  type ExtensionPoint,
  type OwnPlugin,
  type ProfilePlugins,
  profilePlugins,
  type SchedulerProfile,
} from "../config/mod.ts";
import {
  type CoreProfile,
  FILTER_PLUGINS,
  SCORE_PLUGINS,
  type ScorePlugin,
} from "../core_contract.ts";
import type { SchedulerPlugin } from "../framework/mod.ts";

/** A plugin in TypeScript at one point. */
export interface PointPlugin {
  readonly plugin: SchedulerPlugin;
  readonly weight: number;
}

/** One profile as it runs: which plugins it asks at which point. */
export class Profile {
  readonly name: string;
  readonly plugins: ProfilePlugins;
  readonly #configuration: SchedulerProfile;
  readonly #instances: readonly SchedulerPlugin[];
  readonly #at: ReadonlyMap<ExtensionPoint, readonly PointPlugin[]>;
  readonly #percentage: number;
  readonly #ignoredResources: readonly string[];

  /** `make` gives the plugins in TypeScript of this profile, by their names; the core has the others. */
  constructor(
    configuration: SchedulerProfile,
    /** Of the whole scheduler: what its profiles do not say, and resources that extenders see to. */
    { percentage, ignoredResources }: {
      readonly percentage: number;
      readonly ignoredResources: readonly string[];
    },
    own: readonly OwnPlugin[],
    make: (configuration: SchedulerProfile) => ReadonlyMap<string, SchedulerPlugin>,
  ) {
    this.name = configuration.schedulerName;
    this.#configuration = configuration;
    this.#ignoredResources = ignoredResources;
    this.#percentage = configuration.percentageOfNodesToScore ?? percentage;
    this.plugins = profilePlugins(configuration, own);
    const instances = make(configuration);
    const used = new Set<SchedulerPlugin>();
    const at = new Map<ExtensionPoint, readonly PointPlugin[]>();
    for (const [point, enabled] of Object.entries(this.plugins)) {
      const here = enabled.flatMap(({ name, weight }) => {
        const plugin = instances.get(name);
        if (plugin === undefined || plugin[point as keyof SchedulerPlugin] === undefined) return [];
        used.add(plugin);
        return [{ plugin, weight }];
      });
      at.set(point as ExtensionPoint, here);
    }
    this.#at = at;
    this.#instances = [...used];
  }

  has(point: ExtensionPoint, plugin: string): boolean {
    return this.plugins[point].some(({ name }) => name === plugin);
  }

  /** Plugins in TypeScript at a point, in order. */
  at(point: ExtensionPoint): readonly PointPlugin[] {
    return this.#at.get(point) ?? [];
  }

  /** All plugins in TypeScript. */
  get instances(): readonly SchedulerPlugin[] {
    return this.#instances;
  }

  /** Those that have to do with a pod; nobody, where the core can decide alone. */
  concerned(pod: Pod): ReadonlySet<SchedulerPlugin> {
    if (this.#instances.length === 0) return NOBODY;
    const concerned = this.#instances.filter((plugin) => plugin.concerns(pod));
    return concerned.length === 0 ? NOBODY : new Set(concerned);
  }

  /** Whether pods without spread constraints of their own are spread by default. */
  get spreadsByDefault(): boolean {
    if (!this.has("filter", "PodTopologySpread") && !this.has("score", "PodTopologySpread")) {
      return false;
    }
    const { defaultConstraints = [], defaultingType } = this.args("PodTopologySpread");
    return defaultingType === "System" || defaultConstraints.length > 0;
  }

  args<P extends Parameters<typeof argsOf>[1]>(plugin: P) {
    return argsOf(this.#configuration, plugin);
  }

  /** The same as the core wants it. */
  get core(): CoreProfile {
    const enabled = new Set(this.plugins.filter.map(({ name }) => name));
    const weights: Partial<Record<ScorePlugin, number>> = {};
    for (const name of SCORE_PLUGINS) {
      weights[name] = this.plugins.score.find((plugin) => plugin.name === name)?.weight ?? 0;
    }
    const fit = this.args("NodeResourcesFit");
    const ratio = fit.scoringStrategy.requestedToCapacityRatio;
    const spread = this.args("PodTopologySpread");
    const affinity = this.args("InterPodAffinity");
    const { addedAffinity } = this.args("NodeAffinity");
    return {
      name: this.name,
      disabledFilters: FILTER_PLUGINS.filter((name) => !enabled.has(name)),
      weights,
      fit: {
        strategy: fit.scoringStrategy.type,
        resources: fit.scoringStrategy.resources,
        ...(ratio === undefined ? {} : { shape: ratio.shape }),
        ignoredResources: [...fit.ignoredResources ?? [], ...this.#ignoredResources],
        ignoredResourceGroups: fit.ignoredResourceGroups ?? [],
      },
      balancedResources: this.args("NodeResourcesBalancedAllocation").resources,
      ...(addedAffinity === undefined ? {} : { addedAffinity }),
      hardPodAffinityWeight: affinity.hardPodAffinityWeight,
      ignorePreferredTermsOfExistingPods: affinity.ignorePreferredTermsOfExistingPods,
      defaultConstraints: spread.defaultingType === "System"
        ? "System"
        : spread.defaultConstraints ?? [],
      percentageOfNodesToScore: this.#percentage,
    };
  }
}

const NOBODY: ReadonlySet<SchedulerPlugin> = new Set();
