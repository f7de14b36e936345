import type { Pod } from "../api/mod.ts";
import type { EventRecorder } from "../reconcile/mod.ts";
import type { PodContainer } from "./pod_containers.ts";

/** Events about pods and their containers, named as `kubectl describe` expects. */
export class PodEvents {
  constructor(readonly recorder: EventRecorder) {}

  pod(pod: Pod, type: "Normal" | "Warning", reason: string, message: string): void {
    const target = { apiVersion: "v1", kind: "Pod", metadata: pod.metadata ?? {} };
    if (type === "Normal") this.recorder.normal(target, reason, message);
    else this.recorder.warning(target, reason, message);
  }

  container(
    pod: Pod,
    container: PodContainer,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void {
    const target = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: pod.metadata ?? {},
      fieldPath: fieldPath(container),
    };
    if (type === "Normal") this.recorder.normal(target, reason, message);
    else this.recorder.warning(target, reason, message);
  }
}

/** `spec.initContainers{name}`. */
function fieldPath({ role, name }: PodContainer): string {
  const list = role === "main"
    ? "containers"
    : role === "ephemeral"
    ? "ephemeralContainers"
    : "initContainers";
  return `spec.${list}{${name}}`;
}
