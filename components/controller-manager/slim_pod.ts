import { equalJson } from "../base/mod.ts";
import type { Container, ContainerStatus, Pod, PodSpec, Volume } from "../api/mod.ts";

/**
 * What the controllers read of a pod, in a pod's shape: identity, placement, ports, resources, claims, and how it
 * fares. Commands, environment, probes and mounts are most of a pod's bytes, and no controller looks at them.
 */
export function slimPod(pod: Pod): Pod {
  const { managedFields: _, ...metadata } = pod.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: slimSpec(pod.spec ?? {}),
    status: slimStatus(pod.status ?? {}, pod.spec ?? {}),
  };
}

const KEPT_SPEC = [
  "activeDeadlineSeconds",
  "affinity",
  "hostNetwork",
  "hostname",
  "nodeName",
  "nodeSelector",
  "overhead",
  "priority",
  "priorityClassName",
  "resourceClaims",
  "resources",
  "restartPolicy",
  "schedulingGates",
  "serviceAccountName",
  "subdomain",
  "terminationGracePeriodSeconds",
  "tolerations",
] as const;

function slimSpec(spec: PodSpec): PodSpec {
  const slim: PodSpec = {};
  for (const member of KEPT_SPEC) {
    if (spec[member] !== undefined) Object.assign(slim, { [member]: spec[member] });
  }
  if (spec.containers !== undefined) slim.containers = spec.containers.map(slimContainer);
  if (spec.initContainers !== undefined) {
    slim.initContainers = spec.initContainers.map(slimContainer);
  }
  const volumes = spec.volumes?.filter(isClaim);
  if (volumes !== undefined && volumes.length > 0) slim.volumes = volumes;
  return slim;
}

const isClaim = (volume: Volume): boolean =>
  volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined;

function slimContainer({ name, ports, resources, restartPolicy }: Container): Container {
  return {
    ...(name === undefined ? {} : { name }),
    ...(ports === undefined ? {} : { ports }),
    ...(resources === undefined ? {} : { resources }),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}

function slimStatus(
  status: NonNullable<Pod["status"]>,
  spec: PodSpec,
): NonNullable<Pod["status"]> {
  const { phase, reason, startTime, podIP, podIPs, hostIP, conditions, resourceClaimStatuses } =
    status;
  return {
    ...(phase === undefined ? {} : { phase }),
    ...(reason === undefined ? {} : { reason }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(podIP === undefined ? {} : { podIP }),
    ...(podIPs === undefined ? {} : { podIPs }),
    ...(hostIP === undefined ? {} : { hostIP }),
    ...(conditions === undefined ? {} : { conditions }),
    ...(resourceClaimStatuses === undefined ? {} : { resourceClaimStatuses }),
    ...(status.containerStatuses === undefined
      ? {}
      : { containerStatuses: slimContainerStatuses(status.containerStatuses, spec.containers) }),
    ...(status.initContainerStatuses === undefined ? {} : {
      initContainerStatuses: slimContainerStatuses(
        status.initContainerStatuses,
        spec.initContainers,
      ),
    }),
  };
}

function slimContainerStatuses(
  statuses: readonly ContainerStatus[],
  containers: readonly Container[] = [],
): ContainerStatus[] {
  return statuses.map((status) =>
    slimContainerStatus(status, containers.find(({ name }) => name === status.name))
  );
}

function slimContainerStatus(
  { name, restartCount, ready, state, resources, allocatedResources }: ContainerStatus,
  container: Container | undefined,
): ContainerStatus {
  const asked = container?.resources ?? {};
  // What a container was given is worth keeping only while it is not what it asks for.
  const isResized = !equalJson(resources?.requests ?? {}, asked.requests ?? {}) ||
    !equalJson(resources?.limits ?? {}, asked.limits ?? {}) ||
    !equalJson(allocatedResources ?? {}, asked.requests ?? {});
  return {
    ...(name === undefined ? {} : { name }),
    ...(restartCount === undefined ? {} : { restartCount }),
    ...(ready === undefined ? {} : { ready }),
    ...(state === undefined ? {} : { state }),
    ...(isResized && resources !== undefined ? { resources } : {}),
    ...(isResized && allocatedResources !== undefined ? { allocatedResources } : {}),
  };
}
