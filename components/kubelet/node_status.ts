import type { Node, NodeCondition, NodeStatus } from "../api/mod.ts";
import { equalJson, timestamp } from "../base/mod.ts";
import { KUBELET_VERSION, type KubeletConfiguration, type Machine } from "./config.ts";
import { milliValue, quantityValue } from "./quantity.ts";
import type { Image, RuntimeStatus } from "./runtime.ts";

/** What a node's status is made of. */
export interface NodeObservation {
  readonly machine: Machine;
  readonly configuration: KubeletConfiguration;
  readonly runtimeName: string;
  /** Undefined when the runtime does not answer; then `runtimeFailure` says why. */
  readonly runtime: RuntimeStatus | undefined;
  readonly runtimeFailure?: string;
  readonly images: readonly Image[];
  /** As it was last written. */
  readonly previous: NodeStatus | undefined;
  readonly now: number;
}

const IMAGE_NAMES_MAXIMUM = 5;
/** The API server passes WebSockets on as they come only to nodes that say so; SPDY upgrades are not served here. */
const DECLARED_FEATURES = ["ExtendWebSocketsToKubelet"];
/** What hard eviction keeps free. */
const EVICTION_MEMORY_BYTES = 100 * 1024 * 1024;
const EVICTION_DISK_SHARE = 0.1;

/** The object a kubelet registers itself with. Pure. */
export function newNode(
  name: string,
  machine: Machine,
  configuration: KubeletConfiguration,
  status: NodeStatus,
): Node {
  const taints = configuration.registerWithTaints;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: nodeLabels(name, machine, configuration),
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    },
    spec: taints.length === 0 ? {} : { taints: [...taints] },
    status,
  };
}

export function nodeLabels(
  name: string,
  machine: Machine,
  configuration: KubeletConfiguration,
): Record<string, string> {
  const { operatingSystem, architecture } = machine;
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": operatingSystem,
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": name.toLowerCase(),
    "kubernetes.io/os": operatingSystem,
    ...configuration.nodeLabels,
  };
}

/** The node's status. Heartbeats are `now`; transition times move only with a condition's status. Pure. */
export function nodeStatus(observed: NodeObservation): NodeStatus {
  const { machine, configuration, runtime } = observed;
  const capacity = { ...machine.capacity, pods: String(configuration.maxPods) };
  return {
    addresses: [...machine.addresses],
    capacity,
    allocatable: allocatable(capacity, machine.reserved ?? {}),
    conditions: conditions(observed),
    daemonEndpoints: { kubeletEndpoint: { Port: configuration.port } },
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${observed.runtimeName}://${runtime?.runtimeVersion ?? "Unknown"}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: "",
      operatingSystem: machine.operatingSystem,
      architecture: machine.architecture,
    },
    images: [...observed.images]
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, configuration.nodeStatusMaxImages)
      .map((image) => ({
        names: [...image.repoDigests, ...image.repoTags].slice(0, IMAGE_NAMES_MAXIMUM),
        sizeBytes: image.sizeBytes,
      })),
    declaredFeatures: [...DECLARED_FEATURES],
  };
}

function allocatable(
  capacity: Readonly<Record<string, string>>,
  reserved: Readonly<Record<string, number>>,
): Record<string, string> {
  const left: Record<string, string> = {};
  for (const [name, quantity] of Object.entries(capacity)) {
    const kept = reserved[name] ?? 0;
    if (name === "cpu") {
      const milli = milliValue(quantity) - kept * 1000;
      left[name] = milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
    } else if (name === "memory") {
      const bytes = Math.max(0, quantityValue(quantity) - kept - EVICTION_MEMORY_BYTES);
      left[name] = `${Math.floor(bytes / 1024)}Ki`;
    } else if (name === "ephemeral-storage") {
      const bytes = quantityValue(quantity) * (1 - EVICTION_DISK_SHARE) - kept;
      left[name] = String(Math.max(0, Math.floor(bytes)));
    } else left[name] = quantity;
  }
  return left;
}

function conditions(observed: NodeObservation): NodeCondition[] {
  const { now, previous } = observed;
  const ready = readiness(observed);
  const condition = (
    type: string,
    status: string,
    reason: string,
    message: string,
  ): NodeCondition => {
    const before = previous?.conditions?.find((each) => each.type === type);
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: timestamp(now),
      lastTransitionTime: before?.status === status
        ? before.lastTransitionTime ?? timestamp(now)
        : timestamp(now),
    };
  };
  return [
    condition(
      "MemoryPressure",
      "False",
      "KubeletHasSufficientMemory",
      "kubelet has sufficient memory available",
    ),
    condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    condition(
      "PIDPressure",
      "False",
      "KubeletHasSufficientPID",
      "kubelet has sufficient PID available",
    ),
    condition("Ready", ready.status, ready.reason, ready.message),
  ];
}

function readiness({ runtime, runtimeFailure }: NodeObservation) {
  const problems: string[] = [];
  if (runtime === undefined) {
    problems.push(`container runtime is down: ${runtimeFailure ?? "no answer"}`);
  } else {
    if (!runtime.ready) {
      problems.push(`container runtime not ready: RuntimeReady=false ${runtime.message ?? ""}`);
    }
    if (!runtime.networkReady) {
      problems.push(
        `container runtime network not ready: NetworkReady=false ${runtime.message ?? ""}`,
      );
    }
  }
  if (problems.length === 0) {
    return { status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  }
  const message = `[${problems.join(", ")}]`;
  return {
    status: "False",
    reason: "KubeletNotReady",
    message: problems.length === 1 ? problems[0] ?? "" : message,
  };
}

/** True when two statuses differ in more than their heartbeats. */
export function statusChanged(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const bare = (status: NodeStatus | undefined) =>
    (status?.conditions ?? []).map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message,
    }));
  const own = [
    "addresses",
    "capacity",
    "allocatable",
    "daemonEndpoints",
    "nodeInfo",
    "images",
    "declaredFeatures",
  ];
  const pick = (status: NodeStatus | undefined) =>
    own.map((key) => (status as Record<string, unknown> | undefined)?.[key] ?? null);
  if (!equalJson(pick(a), pick(b))) return true;
  const theirs = bare(a);
  return bare(b).some((condition) =>
    !equalJson(theirs.find(({ type }) => type === condition.type), condition)
  );
}

/** The strategic merge patch of a node's status: conditions of other owners stay. */
export function nodeStatusPatch(status: NodeStatus): Record<string, unknown> {
  return {
    status: { ...status, addresses: [{ $patch: "replace" }, ...status.addresses ?? []] },
  };
}
