import type { PluginArgs, SchedulerConfiguration, SchedulerProfile } from "./configuration.ts";

const CPU_AND_MEMORY = [{ name: "cpu", weight: 1 }, { name: "memory", weight: 1 }] as const;

/** Upstream's defaults of what a configuration leaves out. Pure. */
export function withDefaults(given: Partial<SchedulerConfiguration>): SchedulerConfiguration {
  const profiles = given.profiles ?? [];
  return {
    apiVersion: given.apiVersion ?? "",
    kind: given.kind ?? "",
    parallelism: given.parallelism ?? 16,
    leaderElection: {
      leaderElect: true,
      leaseDuration: "15s",
      renewDeadline: "10s",
      retryPeriod: "2s",
      resourceLock: "leases",
      resourceName: "kube-scheduler",
      resourceNamespace: "kube-system",
      ...given.leaderElection,
    },
    clientConnection: {
      kubeconfig: "",
      acceptContentTypes: "",
      contentType: "application/vnd.kubernetes.protobuf",
      qps: 50,
      burst: 100,
      ...given.clientConnection,
    },
    enableProfiling: given.enableProfiling ?? true,
    enableContentionProfiling: given.enableContentionProfiling ?? true,
    percentageOfNodesToScore: given.percentageOfNodesToScore ?? 0,
    podInitialBackoffSeconds: given.podInitialBackoffSeconds ?? 1,
    podMaxBackoffSeconds: given.podMaxBackoffSeconds ?? 10,
    profiles: profiles.length === 0
      ? [{ schedulerName: "default-scheduler", pluginConfig: [] }]
      : profiles.map((profile) => withProfileDefaults(profile, profiles.length)),
    extenders: (given.extenders ?? []).map((extender) => ({
      ...extender,
      httpTimeout: extender.httpTimeout ?? "5s",
    })),
    delayCacheUntilActive: given.delayCacheUntilActive ?? false,
  };
}

/** Only a profile that is alone gets a name of its own accord. */
function withProfileDefaults(
  profile: Partial<SchedulerProfile>,
  count: number,
): SchedulerProfile {
  return {
    ...profile,
    schedulerName: profile.schedulerName ?? (count === 1 ? "default-scheduler" : ""),
    pluginConfig: profile.pluginConfig ?? [],
  };
}

const ARGS: { readonly [P in keyof PluginArgs]: PluginArgs[P] } = {
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: {},
  NodeResourcesBalancedAllocation: { resources: CPU_AND_MEMORY },
  NodeResourcesFit: { scoringStrategy: { type: "LeastAllocated", resources: CPU_AND_MEMORY } },
  PodTopologySpread: { defaultingType: "System" },
  VolumeBinding: { bindTimeoutSeconds: 600 },
  DynamicResources: { filterTimeout: "10s", bindingTimeout: "600s" },
};

/** A profile's arguments of a plugin, defaults filled in. Pure. */
export function argsOf<P extends keyof PluginArgs>(
  profile: SchedulerProfile,
  plugin: P,
): PluginArgs[P] {
  const given = profile.pluginConfig.find(({ name }) => name === plugin)?.args ?? {};
  const args = { ...ARGS[plugin], ...given } as PluginArgs[P];
  if (plugin === "NodeResourcesFit") {
    return fitArgs(args as PluginArgs["NodeResourcesFit"]) as PluginArgs[P];
  }
  if (plugin === "NodeResourcesBalancedAllocation") {
    const { resources } = args as PluginArgs["NodeResourcesBalancedAllocation"];
    return { ...args, resources: withWeights(resources) };
  }
  return args;
}

function fitArgs(args: PluginArgs["NodeResourcesFit"]): PluginArgs["NodeResourcesFit"] {
  const { scoringStrategy: strategy } = args;
  const resources = strategy.resources ?? [];
  return {
    ...args,
    scoringStrategy: {
      ...strategy,
      type: strategy.type ?? "LeastAllocated",
      resources: resources.length === 0 ? CPU_AND_MEMORY : withWeights(resources),
    },
  };
}

function withWeights(resources: readonly { readonly name: string; readonly weight?: number }[]) {
  return (resources.length === 0 ? CPU_AND_MEMORY : resources)
    .map(({ name, weight }) => ({
      name,
      weight: weight === undefined || weight === 0 ? 1 : weight,
    }));
}
