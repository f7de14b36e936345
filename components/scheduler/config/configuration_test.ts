import assert from "node:assert/strict";
import { argsOf } from "./defaults.ts";
import { POINTS, type SchedulerProfile } from "./configuration.ts";
import { profilePlugins } from "./profile_plugins.ts";
import { defaultConfiguration, readConfiguration } from "./read_configuration.ts";

const HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

const WRONG: readonly (readonly [string, string])[] = [
  ["apiVersion: v1\nkind: Pod", 'no kind "Pod" is registered for version "v1"'],
  [
    "apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration",
    'no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io/v1beta3"',
  ],
  [HEAD + "foo: 1", 'strict decoding error: unknown field "foo"'],
  [
    HEAD + "profiles: [{schedulerName: a, plugins: {filter: {enable: []}}}]",
    'strict decoding error: unknown field "profiles[0].plugins.filter.enable"',
  ],
  [
    HEAD + "parallelism: many",
    "json: cannot unmarshal string into Go struct field KubeSchedulerConfiguration.parallelism of type int32",
  ],
  [
    HEAD + "leaderElection: {leaseDuration: 15}",
    "json: cannot unmarshal number into Go struct field KubeSchedulerConfiguration.leaderElection.leaseDuration of type v1.Duration",
  ],
  [HEAD + "leaderElection: {leaseDuration: 15x}", 'time: unknown unit "x" in duration "15x"'],
  [
    HEAD + "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {bogus: 1}}]}]",
    'strict decoding error: decoding .profiles[0].pluginConfig[0]: strict decoding error: decoding args for plugin NodeResourcesFit: strict decoding error: unknown field "bogus"',
  ],
  [
    HEAD + "profiles: [{pluginConfig: [{name: NodeAffinity, args: {kind: InterPodAffinityArgs}}]}]",
    "decoding .profiles[0].pluginConfig[0]: args for plugin NodeAffinity were not of type NodeAffinityArgs.kubescheduler.config.k8s.io, got InterPodAffinityArgs.kubescheduler.config.k8s.io",
  ],
  [
    HEAD + "parallelism: 0",
    "parallelism: Invalid value: 0: should be an integer value greater than zero",
  ],
  [
    HEAD + "percentageOfNodesToScore: 101",
    "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
  ],
  [
    HEAD + "podInitialBackoffSeconds: 0",
    "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0",
  ],
  [
    HEAD + "podMaxBackoffSeconds: 0",
    "podMaxBackoffSeconds: Invalid value: 0: must be greater than or equal to PodInitialBackoffSeconds",
  ],
  [
    HEAD + "profiles: [{schedulerName: a}, {schedulerName: a}]",
    'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
  ],
  [HEAD + "profiles: [{schedulerName: a}, {}]", "profiles[1].schedulerName: Required value"],
  [
    HEAD +
    "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}]}]",
    "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]",
  ],
  [
    HEAD + "profiles: [{pluginConfig: [{name: VolumeBinding, args: {bindTimeoutSeconds: -1}}]}]",
    "profiles[0].pluginConfig[0].args.bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value",
  ],
  [
    HEAD +
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: Odd}}}]}]",
    'profiles[0].pluginConfig[0].args.scoringStrategy.type: Unsupported value: "Odd": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
  ],
  [
    HEAD +
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio}}}]}]",
    "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio",
  ],
  [
    HEAD +
    "profiles: [{pluginConfig: [{name: DefaultPreemption, args: {minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}}]}]",
    "[profiles[0].pluginConfig[0].args.minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute, profiles[0].pluginConfig[0].args.minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as minCandidateNodesPercentage]",
  ],
  [
    HEAD +
    "profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}}]}]",
    'profiles[0].pluginConfig[0].args.defaultingType: Invalid value: "System": when .defaultConstraints are not empty',
  ],
  [
    HEAD + "profiles: [{plugins: {filter: {enabled: [{name: EBSLimits}]}}}]",
    'profiles[0].plugins.filter.enabled[0]: Invalid value: "EBSLimits": was invalid in version "v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")',
  ],
  [
    HEAD + "extenders: [{urlPrefix: 'http://a', prioritizeVerb: p}]",
    "extenders[0].weight: Invalid value: 0: must have a positive weight applied to it",
  ],
  [
    HEAD +
    "extenders: [{urlPrefix: 'http://a', bindVerb: b}, {urlPrefix: 'http://b', bindVerb: b}]",
    'extenders: Invalid value: "found 2 extenders implementing bind": only one extender can implement bind',
  ],
  [
    HEAD + "extenders: [{urlPrefix: 'http://a', managedResources: [{name: cpu}]}]",
    'extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name',
  ],
  [
    HEAD + "leaderElection: {resourceLock: endpoints}",
    'leaderElection.resourceLock: Invalid value: "endpoints": resourceLock value must be "leases"',
  ],
];

for (const [text, message] of WRONG) {
  Deno.test(`readConfiguration refuses ${text.replace(HEAD, "")}`, () => {
    assert.throws(() => readConfiguration(text), { name: "ConfigurationError", message });
  });
}

Deno.test("readConfiguration fills in upstream's defaults", () => {
  const configuration = readConfiguration(HEAD);
  assert.deepEqual(configuration, defaultConfiguration());
  assert.equal(configuration.parallelism, 16);
  assert.equal(configuration.podMaxBackoffSeconds, 10);
  const [profile] = configuration.profiles;
  assert.equal(profile?.schedulerName, "default-scheduler");
  assert.deepEqual(argsOf(profile!, "NodeResourcesFit").scoringStrategy.resources, [
    { name: "cpu", weight: 1 },
    { name: "memory", weight: 1 },
  ]);
  assert.equal(argsOf(profile!, "VolumeBinding").bindTimeoutSeconds, 600);
});

Deno.test("profilePlugins is upstream's default profile without more", () => {
  const plugins = profilePlugins({ schedulerName: "a", pluginConfig: [] });
  const names = Object.fromEntries(
    POINTS.map((point) => [point, plugins[point].map(({ name, weight }) => `${name}:${weight}`)]),
  );
  assert.deepEqual(names["score"], [
    "TaintToleration:3",
    "NodeAffinity:2",
    "NodeResourcesFit:1",
    "VolumeBinding:1",
    "PodTopologySpread:2",
    "InterPodAffinity:2",
    "DynamicResources:2",
    "NodeResourcesBalancedAllocation:1",
    "ImageLocality:1",
  ]);
  assert.deepEqual(names["bind"], ["DefaultBinder:1"]);
  assert.deepEqual(names["preEnqueue"], [
    "SchedulingGates:1",
    "DynamicResources:2",
    "DefaultPreemption:1",
  ]);
  assert.deepEqual(names["permit"], []);
});

type Plugins = NonNullable<SchedulerProfile["plugins"]>;
const EXPANSIONS: readonly (readonly [string, Plugins, string, string])[] = [
  [
    "a weight at its point stands above that of multiPoint",
    { score: { enabled: [{ name: "ImageLocality", weight: 9 }] } },
    "score",
    "ImageLocality:9",
  ],
  [
    "all of a point is disabled",
    { score: { disabled: [{ name: "*" }], enabled: [{ name: "NodeAffinity", weight: 5 }] } },
    "score",
    "NodeAffinity:5",
  ],
  [
    "all defaults are disabled in multiPoint",
    {
      multiPoint: {
        disabled: [{ name: "*" }],
        enabled: [{ name: "PrioritySort" }, { name: "DefaultBinder" }, { name: "TaintToleration" }],
      },
    },
    "score",
    "TaintToleration:1",
  ],
  [
    "a plugin of one's own in multiPoint comes last, at its points alone",
    { multiPoint: { enabled: [{ name: "Mine", weight: 4 }] } },
    "permit",
    "Mine:4",
  ],
];

for (const [name, plugins, point, first] of EXPANSIONS) {
  Deno.test(`profilePlugins: ${name}`, () => {
    const expanded = profilePlugins(
      { schedulerName: "a", pluginConfig: [], plugins },
      [{ name: "Mine", points: ["permit", "score"] }],
    );
    const [plugin] = expanded[point as "score"];
    assert.equal(`${plugin?.name}:${plugin?.weight}`, first);
  });
}

const UNKNOWN: readonly (readonly [Plugins, string])[] = [
  [{ filter: { enabled: [{ name: "Foo" }] } }, 'FilterPlugin "Foo" does not exist'],
  [{ multiPoint: { enabled: [{ name: "Foo" }] } }, 'plugin "Foo" does not exist'],
  [
    { bind: { enabled: [{ name: "NodeName" }] } },
    'plugin "NodeName" does not extend BindPlugin plugin',
  ],
  [{ bind: { disabled: [{ name: "*" }] } }, "at least one bind plugin is needed"],
];

for (const [plugins, message] of UNKNOWN) {
  Deno.test(`profilePlugins refuses ${JSON.stringify(plugins)}`, () => {
    assert.throws(() => profilePlugins({ schedulerName: "a", pluginConfig: [], plugins }), {
      message: `initializing profiles: creating profile for scheduler name a: ${message}`,
    });
  });
}
