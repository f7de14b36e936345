import type { Pod } from "../../api/mod.ts";
import { containerLabels, sandboxLabels } from "../labels.ts";
import type { PodContainer } from "../pod_containers.ts";
import type { PodSetup } from "../pod_setup.ts";
import type { ContainerConfig, SandboxConfig } from "../runtime.ts";

/** The set-up of pods that never run: no volumes, no files, no environment. */
export const hollowSetup: PodSetup = {
  mount: () => Promise.resolve(),
  podChanged() {},
  unmount: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  terminationMessage: () => Promise.resolve(undefined),
  sandboxConfig(pod: Pod, attempt: number): SandboxConfig {
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    return {
      namespace,
      name,
      uid,
      attempt,
      labels: sandboxLabels(pod, attempt),
      hostname: name,
      hostNetwork: pod.spec?.hostNetwork === true,
      hostPID: false,
      hostIPC: false,
      shareProcessNamespace: false,
      sysctls: {},
      hostPorts: [],
    };
  },
  containerConfig(pod: Pod, container: PodContainer, attempt: number): Promise<ContainerConfig> {
    return Promise.resolve({
      name: container.name,
      attempt,
      image: container.spec.image ?? "",
      env: [],
      mounts: [],
      labels: containerLabels(pod, container.spec),
      resources: {},
      stdin: false,
      stdinOnce: false,
      tty: false,
      logPath: "",
      security: {
        privileged: false,
        supplementalGroups: [],
        readOnlyRootFilesystem: false,
        allowPrivilegeEscalation: false,
        addCapabilities: [],
        dropCapabilities: [],
      },
    });
  },
};
