import type { PodContainer } from "./pod_containers.ts";
import type { ContainerState } from "./runtime.ts";

/** One thing to do for a pod, as data. Each belongs to a slot; a slot does one thing at a time. */
export type PodAction =
  | { readonly kind: "runSandbox"; readonly attempt: number }
  | { readonly kind: "stopSandbox"; readonly sandboxId: string }
  | { readonly kind: "removeSandbox"; readonly sandboxId: string }
  | {
    readonly kind: "start";
    readonly container: PodContainer;
    readonly sandboxId: string;
    readonly attempt: number;
    /** An instance that was created and never ran: removed first. */
    readonly replaces?: string;
  }
  | {
    readonly kind: "kill";
    readonly instance: ContainerState;
    /** Absent for a container that the spec no longer has. */
    readonly container?: PodContainer;
    readonly message: string;
    readonly graceSeconds: number;
    readonly preStop: boolean;
  }
  | {
    readonly kind: "preStop";
    readonly instance: ContainerState;
    readonly container: PodContainer;
    readonly graceSeconds: number;
  }
  | { readonly kind: "removeContainer"; readonly containerId: string };

/** A container's waiting state, as its status shows it. */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export interface PodPlan {
  readonly actions: readonly PodAction[];
  /** Containers that wait, and why. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Look again after this long, in milliseconds, even if nothing happens. */
  readonly againMilliseconds?: number;
  /** Nothing of the pod will run again: end it. */
  readonly finished: boolean;
}

/** Starting is one at a time in a pod, in the spec's order; stopping is one a container. */
export function slotOf(action: PodAction): string {
  switch (action.kind) {
    case "runSandbox":
    case "stopSandbox":
      return "sandbox";
    case "removeSandbox":
      return `remove:${action.sandboxId}`;
    case "start":
      return "start";
    case "kill":
      return `kill:${action.instance.id}`;
    case "preStop":
      return `preStop:${action.instance.id}`;
    case "removeContainer":
      return `remove:${action.containerId}`;
  }
}
