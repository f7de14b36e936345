import type { Container, Pod } from "../api/mod.ts";
import type { PodContainer, PodRuntime } from "./pod_containers.ts";
import { latestInstance } from "./pod_containers.ts";
import type { ContainerState } from "./runtime.ts";

/** Whether a container that ended with this code starts again while its pod lives. */
export function restartsAfter(pod: Pod, container: PodContainer, exitCode: number): boolean {
  if (container.role === "ephemeral") return false;
  if (container.role === "sidecar") return true;
  if (ruleMatches(container.spec, exitCode)) return true;
  switch (container.spec.restartPolicy ?? pod.spec?.restartPolicy ?? "Always") {
    case "Never":
      return false;
    case "OnFailure":
      return exitCode !== 0;
    default:
      // An init container that succeeded is done, whatever the pod's policy.
      return container.role === "main" || exitCode !== 0;
  }
}

/** Whether a container is to be started, given its newest instance. */
export function needsStart(
  pod: Pod,
  container: PodContainer,
  instance: ContainerState | undefined,
): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined) return false;
  if (instance === undefined) return true;
  switch (instance.state) {
    case "running":
      return false;
    case "exited":
      return restartsAfter(pod, container, instance.exitCode ?? 0);
    default:
      return container.role !== "ephemeral";
  }
}

/** True when the container has ended and will not start again. */
export function isDone(pod: Pod, container: PodContainer, runtime: PodRuntime): boolean {
  const instance = latestInstance(runtime, container.name);
  return instance?.state === "exited" && !restartsAfter(pod, container, instance.exitCode ?? 0);
}

/** True when the container would be started again after it was killed. */
export function restartsWhenKilled(pod: Pod, container: PodContainer): boolean {
  if (container.role === "sidecar") return true;
  if (container.role === "ephemeral") return false;
  return (container.spec.restartPolicy ?? pod.spec?.restartPolicy ?? "Always") !== "Never";
}

function ruleMatches(container: Container, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    const within = values.includes(exitCode);
    const matches = rule.exitCodes?.operator === "NotIn" ? !within : within;
    if (rule.exitCodes !== undefined && matches) return rule.action === "Restart";
  }
  return false;
}
