import type { Node, Pod, PodAffinityTerm, PodSpec } from "../../components/api/mod.ts";

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";

export function node(i: number): Node {
  return {
    metadata: {
      name: `node-${i}`,
      labels: {
        [HOST]: `node-${i}`,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        [ZONE]: `zone-${i % 3}`,
        "topology.kubernetes.io/region": "region",
        disk: i % 2 === 0 ? "ssd" : "hdd",
      },
    },
    spec: i % 50 === 0 ? { taints: [{ key: "dedicated", value: "x", effect: "NoSchedule" }] } : {},
    status: {
      allocatable: { cpu: "32", memory: "128Gi", "ephemeral-storage": "200Gi", pods: "110" },
      images: [{ names: ["registry.example/web:1"], sizeBytes: 150_000_000 }],
    },
  };
}

const term = (app: string, topologyKey: string): PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
});

/** Kinds of pods by what decides on their place. The key is the row's name. */
export const KINDS: Readonly<Record<string, (i: number) => Partial<PodSpec>>> = {
  "basic": (i) => i % 4 === 0 ? { nodeSelector: { disk: "ssd" } } : {},
  "every pod another": (i) => ({
    containers: [{
      name: "web",
      image: `registry.example/web:${i}`,
      resources: { requests: { cpu: `${100 + i % 900}m`, memory: `${128 + i}Mi` } },
    }],
  }),
  "node affinity": () => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{
            matchExpressions: [{ key: ZONE, operator: "In", values: ["zone-1", "zone-2"] }],
          }],
        },
      },
    },
  }),
  "preferred spread": () => spread("ScheduleAnyway"),
  "required spread": () => spread("DoNotSchedule"),
  "preferred affinity": () => ({
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{
          weight: 1,
          podAffinityTerm: term("bench", HOST),
        }],
      },
    },
  }),
  "required affinity": () => ({
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [term("bench", ZONE)],
      },
    },
  }),
  "anti-affinity": () => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [term("bench", HOST)],
      },
    },
  }),
};

function spread(whenUnsatisfiable: string): Partial<PodSpec> {
  const labelSelector = { matchLabels: { app: "bench" } };
  return {
    topologySpreadConstraints: [{
      maxSkew: 5,
      topologyKey: ZONE,
      whenUnsatisfiable,
      labelSelector,
    }],
  };
}

export function pod(i: number, spec: Partial<PodSpec> = {}): Pod {
  return {
    metadata: {
      name: `pod-${i}`,
      namespace: "bench",
      uid: `uid-${i}`,
      labels: { app: "bench" },
    },
    spec: {
      tolerations: [
        { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
        { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
      ],
      containers: [{
        name: "web",
        image: "registry.example/web:1",
        resources: { requests: { cpu: "100m", memory: "128Mi" } },
      }],
      ...spec,
    },
  };
}
