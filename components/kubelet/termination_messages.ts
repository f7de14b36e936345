import type { PodRuntime } from "./pod_containers.ts";
import type { PodSetup } from "./pod_setup.ts";
import type { ContainerState } from "./runtime.ts";

/** The termination messages of one pod's ended containers, each read once. */
export class TerminationMessages {
  readonly #messages = new Map<string, string | undefined>();

  get(instance: ContainerState): string | undefined {
    return this.#messages.get(instance.id);
  }

  /** True when an ended container's message has not been read. */
  missing(runtime: PodRuntime): boolean {
    return runtime.containers.some(({ id, state }) =>
      state === "exited" && !this.#messages.has(id)
    );
  }

  async read(runtime: PodRuntime, setup: PodSetup): Promise<void> {
    const present = new Set<string>();
    for (const instance of runtime.containers) {
      present.add(instance.id);
      if (instance.state !== "exited" || this.#messages.has(instance.id)) continue;
      const message = await setup.terminationMessage(instance).catch(() => undefined);
      this.#messages.set(instance.id, message);
    }
    for (const id of this.#messages.keys()) if (!present.has(id)) this.#messages.delete(id);
  }
}
