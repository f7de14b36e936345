import type { ContainerStatus, Pod } from "../../api/mod.ts";

/** The container instance whose log is meant, or why there is none. */
export type LogTarget =
  | { readonly containerId: string }
  | { readonly code: number; readonly message: string };

const WAITING_TEXTS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: "trying and failing to pull image",
};

/** Chooses an instance by the container's status. Pure. */
export function logTarget(pod: Pod, containerName: string, previous: boolean): LogTarget {
  const podName = pod.metadata?.name ?? "";
  const subject = `container "${containerName}" in pod "${podName}"`;
  const status = statusOf(pod, containerName);
  const known = [
    ...pod.spec?.initContainers ?? [],
    ...pod.spec?.containers ?? [],
    ...pod.spec?.ephemeralContainers ?? [],
  ].some(({ name }) => name === containerName);
  if (!known) {
    return { code: 404, message: `container "${containerName}" not found in pod "${podName}"` };
  }
  if (status === undefined) return { code: 400, message: `${subject} is not available` };
  const { state, lastState } = status;
  const last = idOf(lastState?.terminated?.containerID);
  if (previous) {
    return last === undefined
      ? { code: 400, message: `previous terminated ${subject} not found` }
      : { containerId: last };
  }
  const current = state?.running !== undefined
    ? idOf(status.containerID)
    : idOf(state?.terminated?.containerID);
  const chosen = current ?? last;
  if (chosen !== undefined) return { containerId: chosen };
  const reason = state?.waiting?.reason ?? "";
  return {
    code: 400,
    message: `${subject} is waiting to start: ${WAITING_TEXTS[reason] ?? reason}`,
  };
}

/** The id inside `runtime://id`. */
export function idOf(containerID: string | undefined): string | undefined {
  if (containerID === undefined || containerID === "") return undefined;
  const scheme = containerID.indexOf("://");
  return scheme < 0 ? containerID : containerID.slice(scheme + 3);
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  return [
    ...containerStatuses ?? [],
    ...initContainerStatuses ?? [],
    ...ephemeralContainerStatuses ?? [],
  ].find((status) => status.name === name);
}
