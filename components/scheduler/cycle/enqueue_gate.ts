import type { Logger } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { SchedulerPlugin } from "../framework/mod.ts";
import type { Profile } from "./profile.ts";

export interface EnqueueGateOptions {
  readonly logger: Logger;
  profileOf(schedulerName: string): Profile | undefined;
  /** Whether victims are being removed for the pod. */
  isPreempting(uid: string): boolean;
  /** A plugin that was asked has let the pod in. */
  admitted(key: string): void;
}

/** PreEnqueue: which plugin keeps a pod out of the queue. One that answers later keeps it out until it has. */
export class EnqueueGate {
  readonly #options: EnqueueGateOptions;
  /** Pods that plugins were asked about, with who has let them in; an entry lasts until the pod enters or goes. */
  readonly #asked = new Map<string, { readonly pod: Pod; readonly admittedBy: Set<string> }>();

  constructor(options: EnqueueGateOptions) {
    this.#options = options;
  }

  /** The name of the plugin, or nothing. */
  ask(pod: Pod, key: string): string | undefined {
    const profile = this.#options.profileOf(pod.spec?.schedulerName ?? "default-scheduler");
    if (profile === undefined) return undefined;
    const gates = pod.spec?.schedulingGates ?? [];
    if (gates.length > 0 && profile.has("preEnqueue", "SchedulingGates")) return "SchedulingGates";
    if (this.#options.isPreempting(pod.metadata?.uid ?? "")) return "DefaultPreemption";
    for (const { plugin } of profile.at("preEnqueue")) {
      if (plugin.concerns(pod) && !this.#admits(plugin, pod, key)) return plugin.name;
    }
    this.#asked.delete(key);
    return undefined;
  }

  forget(key: string): void {
    this.#asked.delete(key);
  }

  #admits(plugin: SchedulerPlugin, pod: Pod, key: string): boolean {
    const known = this.#asked.get(key);
    if (known?.pod === pod && known.admittedBy.has(plugin.name)) return true;
    try {
      const verdict = plugin.preEnqueue!(pod);
      if (!(verdict instanceof Promise)) return verdict.code === "Success";
      const entry = known?.pod === pod ? known : { pod, admittedBy: new Set<string>() };
      this.#asked.set(key, entry);
      verdict.then(({ code }) => {
        if (code !== "Success" || this.#asked.get(key) !== entry) return;
        entry.admittedBy.add(plugin.name);
        this.#options.admitted(key);
      }).catch((error) => this.#failed(plugin, error));
    } catch (error) {
      this.#failed(plugin, error);
    }
    return false;
  }

  #failed(plugin: SchedulerPlugin, error: unknown): void {
    this.#options.logger.warn("preEnqueue failed", { plugin: plugin.name, error: String(error) });
  }
}
