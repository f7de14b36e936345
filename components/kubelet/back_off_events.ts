import type { Pod } from "../api/mod.ts";
import type { Waiting } from "./pod_actions.ts";
import { allContainers } from "./pod_containers.ts";
import type { PodEvents } from "./pod_events.ts";

/** Tells of containers that back off: one event a container and back-off, not one a look. */
export class BackOffEvents {
  readonly #events: PodEvents;
  readonly #told = new Map<string, string>();

  constructor(events: PodEvents) {
    this.#events = events;
  }

  tell(pod: Pod, waiting: ReadonlyMap<string, Waiting>): void {
    if (waiting.size === 0) return;
    for (const container of allContainers(pod)) {
      const { name, spec } = container;
      const why = waiting.get(name);
      const text = `${why?.reason ?? ""} ${why?.message ?? ""}`;
      if (why === undefined || this.#told.get(name) === text) continue;
      this.#told.set(name, text);
      const event = (type: "Normal" | "Warning", reason: string, message: string) =>
        this.#events.container(pod, container, type, reason, message);
      if (why.reason === "CrashLoopBackOff") {
        const { name: podName = "", namespace = "", uid = "" } = pod.metadata ?? {};
        const full = `${podName}_${namespace}(${uid})`;
        const message = `Back-off restarting failed container ${name} in pod ${full}`;
        event("Warning", "BackOff", message);
      } else if (why.reason === "ImagePullBackOff") {
        event("Normal", "BackOff", `Back-off pulling image "${spec.image ?? ""}"`);
        event("Warning", "Failed", "Error: ImagePullBackOff");
      }
    }
  }
}
