import { POINTS } from "./configuration.ts";
import type { Shape } from "./shape.ts";

const PLUGIN_SET: Shape = {
  members: {
    enabled: { list: { members: { name: "string", weight: "integer" } } },
    disabled: { list: { members: { name: "string", weight: "integer" } } },
  },
};
const PROFILE: Shape = {
  members: {
    schedulerName: "string",
    percentageOfNodesToScore: "integer",
    plugins: {
      members: Object.fromEntries([...POINTS, "multiPoint"].map((point) => [point, PLUGIN_SET])),
    },
    pluginConfig: { list: { members: { name: "string", args: "object" } } },
  },
};
const EXTENDER: Shape = {
  members: {
    urlPrefix: "string",
    filterVerb: "string",
    preemptVerb: "string",
    prioritizeVerb: "string",
    weight: "integer",
    bindVerb: "string",
    enableHTTPS: "boolean",
    tlsConfig: {
      members: {
        insecure: "boolean",
        serverName: "string",
        certFile: "string",
        keyFile: "string",
        caFile: "string",
        certData: "string",
        keyData: "string",
        caData: "string",
      },
    },
    httpTimeout: "duration",
    nodeCacheCapable: "boolean",
    managedResources: {
      list: { members: { name: "string", ignoredByScheduler: "boolean" } },
    },
    ignorable: "boolean",
  },
};

/** The members of KubeSchedulerConfiguration v1. */
export const CONFIGURATION_SHAPE: Shape = {
  members: {
    apiVersion: "string",
    kind: "string",
    parallelism: "integer",
    leaderElection: {
      members: {
        leaderElect: "boolean",
        leaseDuration: "duration",
        renewDeadline: "duration",
        retryPeriod: "duration",
        resourceLock: "string",
        resourceName: "string",
        resourceNamespace: "string",
      },
    },
    clientConnection: {
      members: {
        kubeconfig: "string",
        acceptContentTypes: "string",
        contentType: "string",
        qps: "integer",
        burst: "integer",
      },
    },
    enableProfiling: "boolean",
    enableContentionProfiling: "boolean",
    percentageOfNodesToScore: "integer",
    podInitialBackoffSeconds: "integer",
    podMaxBackoffSeconds: "integer",
    profiles: { list: PROFILE },
    extenders: { list: EXTENDER },
    delayCacheUntilActive: "boolean",
  },
};

const TYPED = { apiVersion: "string", kind: "string" } as const;
const RESOURCES: Shape = { list: { members: { name: "string", weight: "integer" } } };
const POINTS_OF_SHAPE: Shape = { list: { members: { utilization: "integer", score: "integer" } } };

/** The members of each plugin's arguments, by the plugin's name. */
export const ARGS_SHAPES: Readonly<Record<string, Shape>> = {
  DefaultPreemption: {
    members: {
      ...TYPED,
      minCandidateNodesPercentage: "integer",
      minCandidateNodesAbsolute: "integer",
    },
  },
  InterPodAffinity: {
    members: {
      ...TYPED,
      hardPodAffinityWeight: "integer",
      ignorePreferredTermsOfExistingPods: "boolean",
    },
  },
  NodeAffinity: { members: { ...TYPED, addedAffinity: "object" } },
  NodeResourcesBalancedAllocation: { members: { ...TYPED, resources: RESOURCES } },
  NodeResourcesFit: {
    members: {
      ...TYPED,
      ignoredResources: { list: "string" },
      ignoredResourceGroups: { list: "string" },
      scoringStrategy: {
        members: {
          type: "string",
          resources: RESOURCES,
          requestedToCapacityRatio: { members: { shape: POINTS_OF_SHAPE } },
        },
      },
    },
  },
  PodTopologySpread: {
    members: { ...TYPED, defaultConstraints: { list: "object" }, defaultingType: "string" },
  },
  VolumeBinding: {
    members: { ...TYPED, bindTimeoutSeconds: "integer", shape: POINTS_OF_SHAPE },
  },
  DynamicResources: {
    members: { ...TYPED, filterTimeout: "duration", bindingTimeout: "duration" },
  },
};
