import type { Container, Pod } from "../api/mod.ts";
import { initContainers, mainContainers } from "./pod_containers.ts";
import { milliValue, quantityValue } from "./quantity.ts";
import type { ContainerResources } from "./runtime.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const CPU_PERIOD_MICROSECONDS = 100_000;
const CPU_QUOTA_MINIMUM_MICROSECONDS = 1000;
const CPU_SHARES_MINIMUM = 2;
const CPU_SHARES_MAXIMUM = 262_144;
const SYSTEM_CRITICAL_PRIORITY = 2_000_001_000;

/** The pod's quality of service from what its containers ask for. Pure. */
export function qosClass(pod: Pod): QosClass {
  const given = pod.status?.qosClass;
  if (given === "Guaranteed" || given === "Burstable" || given === "BestEffort") return given;
  const resources = pod.spec?.resources !== undefined
    ? [pod.spec.resources]
    : [...initContainers(pod), ...mainContainers(pod)].map(({ spec }) => spec.resources ?? {});
  let any = false;
  let guaranteed = resources.length > 0;
  for (const { requests, limits } of resources) {
    for (const name of ["cpu", "memory"]) {
      const limit = quantityValue(limits?.[name]);
      const request = requests?.[name] === undefined ? limit : quantityValue(requests[name]);
      if (limit > 0 || request > 0) any = true;
      if (limit <= 0 || limit !== request) guaranteed = false;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

/** How ready the kernel shall be to kill the container when memory runs out. Pure. */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacity: number): number {
  if ((pod.spec?.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY) return -997;
  switch (qosClass(pod)) {
    case "Guaranteed":
      return -997;
    case "BestEffort":
      return 1000;
    case "Burstable": {
      const request = quantityValue(container.resources?.requests?.["memory"]);
      const score = Math.trunc(1000 - 1000 * request / Math.max(1, memoryCapacity));
      return Math.min(999, Math.max(3, score));
    }
  }
}

/** A container's requests and limits as the runtime wants them. Pure. */
export function containerResources(
  pod: Pod,
  container: Container,
  memoryCapacity: number,
): ContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milliValue(limits?.["cpu"]);
  const memoryLimit = quantityValue(limits?.["memory"]);
  const cpu = requests?.["cpu"] === undefined ? cpuLimit : milliValue(requests["cpu"]);
  return {
    cpuShares: cpuShares(cpu),
    ...(cpuLimit > 0
      ? {
        cpuPeriodMicroseconds: CPU_PERIOD_MICROSECONDS,
        cpuQuotaMicroseconds: Math.max(
          CPU_QUOTA_MINIMUM_MICROSECONDS,
          Math.floor(cpuLimit * CPU_PERIOD_MICROSECONDS / 1000),
        ),
      }
      : {}),
    ...(memoryLimit > 0 ? { memoryLimitBytes: Math.ceil(memoryLimit) } : {}),
    oomScoreAdjust: oomScoreAdjust(pod, container, memoryCapacity),
  };
}

function cpuShares(milli: number): number {
  if (milli <= 0) return CPU_SHARES_MINIMUM;
  const shares = Math.floor(milli * 1024 / 1000);
  return Math.min(CPU_SHARES_MAXIMUM, Math.max(CPU_SHARES_MINIMUM, shares));
}

/** What a pod takes of the node: the larger of its containers together and its init phase, plus overhead. Pure. */
export function podRequest(pod: Pod, name: string): number {
  const of = (container: Container) =>
    quantityValue(container.resources?.requests?.[name] ?? container.resources?.limits?.[name]);
  const overhead = quantityValue(pod.spec?.overhead?.[name]);
  const whole = pod.spec?.resources?.requests?.[name];
  if (whole !== undefined) return quantityValue(whole) + overhead;
  let sidecars = 0;
  let peak = 0;
  for (const { role, spec } of initContainers(pod)) {
    if (role === "sidecar") sidecars += of(spec);
    peak = Math.max(peak, sidecars + (role === "sidecar" ? 0 : of(spec)));
  }
  const mains = mainContainers(pod).reduce((sum, { spec }) => sum + of(spec), sidecars);
  return Math.max(peak, mains) + overhead;
}
