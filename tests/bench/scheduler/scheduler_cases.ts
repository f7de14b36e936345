import type { Node, Pod } from "../../../components/api/mod.ts";

/** One row of the table: what lies in the cluster, and the pods that are timed. */
export interface SchedulerCase {
  readonly name: string;
  /** Pods a second: upstream's floor on larger machines, and what is to be reached. */
  readonly floor: number;
  readonly goal: number;
  /** Pods that are timed. */
  readonly pods: number;
  node(i: number): Node;
  /** Pods that have their node before the time runs. */
  readonly before?: { readonly pods: number; pod(i: number): Pod };
  /** Pods that fit nowhere and are there all the time. */
  readonly unschedulable?: { readonly pods: number; pod(i: number): Pod };
  /** Nodes come and go while the time runs. */
  readonly churn?: boolean;
  pod(i: number): Pod;
}

const ZONES = 3;
const NAMESPACE = "bench";

function node(i: number, labels: Record<string, string> = {}): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: `node-${i}`,
      labels: {
        "kubernetes.io/hostname": `node-${i}`,
        "topology.kubernetes.io/zone": `zone-${i % ZONES}`,
        ...labels,
      },
    },
    status: {
      capacity: { cpu: "4", memory: "32Gi", pods: "110" },
      allocatable: { cpu: "4", memory: "32Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True" }],
      phase: "Running",
    },
  };
}

interface PodChoice {
  readonly labels?: Record<string, string>;
  readonly spec?: NonNullable<Pod["spec"]>;
  readonly cpu?: string;
  readonly memory?: string;
}

function pod(name: string, { cpu = "100m", labels = {}, memory = "500Mi", spec }: PodChoice): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      containers: [{
        name: "pause",
        image: "registry.k8s.io/pause:3.10",
        ports: [{ containerPort: 80 }],
        resources: { requests: { cpu, memory }, limits: { cpu, memory } },
      }],
      ...spec,
    },
  };
}

const plain = (name: string) => pod(name, {});
const required = (
  kind: "podAffinity" | "podAntiAffinity",
  key: string,
  labels: object,
): PodChoice => ({
  spec: {
    containers: [],
    affinity: {
      [kind]: {
        requiredDuringSchedulingIgnoredDuringExecution: [{
          topologyKey: key,
          labelSelector: { matchLabels: { ...labels } },
        }],
      },
    },
  },
});

/** The choice's pod, with a container as all have it. */
function chosen(name: string, choice: PodChoice): Pod {
  const { containers: _, ...spec } = choice.spec ?? { containers: [] };
  const base = pod(name, { ...choice, spec: undefined as never });
  return { ...base, spec: { ...base.spec!, ...spec } };
}

const spread = (whenUnsatisfiable: string): PodChoice => ({
  labels: { color: "blue" },
  spec: {
    containers: [],
    topologySpreadConstraints: [{
      maxSkew: 5,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable,
      labelSelector: { matchLabels: { color: "blue" } },
    }],
  },
});

/** The table of upstream's performance tests, as the goals name it. */
export const SCHEDULER_CASES: readonly SchedulerCase[] = [
  {
    name: "basic",
    floor: 270,
    goal: 1400,
    pods: 10_000,
    node,
    pod: (i) => plain(`pod-${i}`),
  },
  {
    name: "node affinity",
    floor: 220,
    goal: 1200,
    pods: 10_000,
    node,
    pod: (i) =>
      chosen(`pod-${i}`, {
        spec: {
          containers: [],
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{
                  matchExpressions: [{
                    key: "topology.kubernetes.io/zone",
                    operator: "In",
                    values: ["zone-0", "zone-1"],
                  }],
                }],
              },
            },
          },
        },
      }),
  },
  {
    name: "preferred topology spread",
    floor: 125,
    goal: 1000,
    pods: 5_000,
    node,
    before: { pods: 5_000, pod: (i) => plain(`before-${i}`) },
    pod: (i) => chosen(`pod-${i}`, spread("ScheduleAnyway")),
  },
  {
    name: "topology spread",
    floor: 85,
    goal: 900,
    pods: 5_000,
    node,
    before: { pods: 5_000, pod: (i) => plain(`before-${i}`) },
    pod: (i) => chosen(`pod-${i}`, spread("DoNotSchedule")),
  },
  {
    name: "preferred pod affinity",
    floor: 90,
    goal: 900,
    pods: 5_000,
    node,
    before: { pods: 5_000, pod: (i) => preferred(`before-${i}`) },
    pod: (i) => preferred(`pod-${i}`),
  },
  {
    name: "required pod affinity",
    floor: 35,
    goal: 600,
    pods: 5_000,
    node: (i) => node(i, { "topology.kubernetes.io/zone": "zone-0" }),
    before: { pods: 5_000, pod: (i) => together(`before-${i}`) },
    pod: (i) => together(`pod-${i}`),
  },
  {
    name: "pod anti-affinity",
    floor: 60,
    goal: 600,
    pods: 2_000,
    node,
    before: { pods: 1_000, pod: (i) => alone(`before-${i}`) },
    pod: (i) => alone(`pod-${i}`),
  },
  {
    name: "mixed with churn",
    floor: 265,
    goal: 1200,
    pods: 10_000,
    churn: true,
    node,
    pod: (i) => plain(`pod-${i}`),
  },
  {
    name: "unschedulable pods present",
    floor: 140,
    goal: 1200,
    pods: 10_000,
    node,
    unschedulable: { pods: 200, pod: (i) => pod(`large-${i}`, { cpu: "9", memory: "500Mi" }) },
    pod: (i) => plain(`pod-${i}`),
  },
  {
    name: "preemption",
    floor: 160,
    goal: 700,
    pods: 5_000,
    node,
    before: {
      pods: 20_000,
      pod: (i) =>
        chosen(`before-${i}`, {
          cpu: "900m",
          spec: { containers: [], priority: 0, terminationGracePeriodSeconds: 0 },
        }),
    },
    pod: (i) => chosen(`pod-${i}`, { cpu: "3", spec: { containers: [], priority: 10 } }),
  },
];

function preferred(name: string): Pod {
  return chosen(name, {
    labels: { color: "red" },
    spec: {
      containers: [],
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{
            weight: 1,
            podAffinityTerm: {
              topologyKey: "kubernetes.io/hostname",
              labelSelector: { matchLabels: { color: "red" } },
            },
          }],
        },
      },
    },
  });
}

function together(name: string): Pod {
  const labels = { color: "blue" };
  return chosen(name, {
    labels,
    ...required("podAffinity", "topology.kubernetes.io/zone", labels),
  });
}

function alone(name: string): Pod {
  const labels = { color: "green" };
  return chosen(name, {
    labels,
    ...required("podAntiAffinity", "kubernetes.io/hostname", labels),
  });
}
