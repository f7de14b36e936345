import type { Container, Pod } from "../api/mod.ts";
import type { ContainerState, Sandbox } from "./runtime.ts";

/** Labels that the kubelet puts on sandboxes and containers, and knows them again by. */
export const POD_NAME_LABEL = "io.kubernetes.pod.name";
export const POD_NAMESPACE_LABEL = "io.kubernetes.pod.namespace";
export const POD_UID_LABEL = "io.kubernetes.pod.uid";
export const POD_GRACE_LABEL = "io.kubernetes.pod.terminationGracePeriod";
export const CONTAINER_NAME_LABEL = "io.kubernetes.container.name";
export const CONTAINER_HASH_LABEL = "io.kubernetes.container.hash";
export const MESSAGE_PATH_LABEL = "io.kubernetes.container.terminationMessagePath";
export const MESSAGE_POLICY_LABEL = "io.kubernetes.container.terminationMessagePolicy";
export const SANDBOX_ATTEMPT_LABEL = "io.kubernetes.sandbox.attempt";

/** The grace of a pod whose spec is no longer known and that carries no label. */
const ORPHAN_GRACE_SECONDS = 30;

/** Labels common to a pod's sandbox and its containers. */
export function podLabels(pod: Pod): Record<string, string> {
  return {
    [POD_NAME_LABEL]: pod.metadata?.name ?? "",
    [POD_NAMESPACE_LABEL]: pod.metadata?.namespace ?? "",
    [POD_UID_LABEL]: pod.metadata?.uid ?? "",
    [POD_GRACE_LABEL]: String(pod.spec?.terminationGracePeriodSeconds ?? ORPHAN_GRACE_SECONDS),
  };
}

export function sandboxLabels(pod: Pod, attempt: number): Record<string, string> {
  return { ...podLabels(pod), [SANDBOX_ATTEMPT_LABEL]: String(attempt) };
}

export function containerLabels(pod: Pod, container: Container): Record<string, string> {
  return {
    ...podLabels(pod),
    [CONTAINER_NAME_LABEL]: container.name ?? "",
    [CONTAINER_HASH_LABEL]: containerHash(container),
    [MESSAGE_PATH_LABEL]: container.terminationMessagePath ?? "/dev/termination-log",
    [MESSAGE_POLICY_LABEL]: container.terminationMessagePolicy ?? "File",
  };
}

export function sandboxAttempt(sandbox: Sandbox): number {
  return Number(sandbox.labels[SANDBOX_ATTEMPT_LABEL] ?? 0) || 0;
}

/** The termination grace that an orphan was started with. */
export function orphanGraceSeconds(labels: Readonly<Record<string, string>>): number {
  const grace = Number(labels[POD_GRACE_LABEL]);
  return Number.isSafeInteger(grace) && grace >= 0 ? grace : ORPHAN_GRACE_SECONDS;
}

/** True when the running container is not the one that the spec asks for: name or image changed. */
export function definitionChanged(container: Container, state: ContainerState): boolean {
  const hash = state.labels[CONTAINER_HASH_LABEL];
  return hash !== undefined && hash !== containerHash(container);
}

/** FNV-1a over what makes a restart necessary; resources may change in place. */
export function containerHash(container: Container): string {
  return fnv1a(JSON.stringify([container.name ?? "", container.image ?? ""]));
}

/** 32-bit FNV-1a over UTF-16 code units, as hex. */
export function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
