import type { Pod } from "../api/mod.ts";
import type { PodContainer } from "./pod_containers.ts";
import type { ContainerConfig, ContainerState, Image, Sandbox, SandboxConfig } from "./runtime.ts";

/**
 * What a pod needs of its node beside the runtime: volumes, files, environment. Split from the worker so that a
 * hollow node, which has none of it, stays light.
 */
export interface PodSetup {
  /** Makes the pod's volumes ready, and keeps them so. Idempotent. Rejects with `SetupError`. */
  mount(pod: Pod): Promise<void>;
  /** The pod's metadata or spec has changed while it is mounted. */
  podChanged(pod: Pod): void;
  /** Takes the volumes down; their backing directories may stay until `remove`. */
  unmount(uid: string): Promise<void>;
  /** Removes everything of the pod from the disk, its logs too. */
  remove(uid: string): Promise<void>;
  sandboxConfig(pod: Pod, attempt: number): SandboxConfig;
  /** Rejects with `SetupError` when the pod refers to what is not there. */
  containerConfig(
    pod: Pod,
    container: PodContainer,
    attempt: number,
    sandbox: Sandbox,
    image: Image,
  ): Promise<ContainerConfig>;
  /** What the instance left at its termination message path, or the end of its log where the pod asks for that. */
  terminationMessage(instance: ContainerState): Promise<string | undefined>;
}

/** Something that a pod needs is missing or wrong; `reason` is that of the container's waiting state. */
export class SetupError extends Error {
  override readonly name = "SetupError";
  constructor(readonly reason: string, message: string) {
    super(message);
  }
}
