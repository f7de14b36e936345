import type { Pod } from "../../api/mod.ts";
import type { ClusterEvent } from "./cluster_event.ts";
import type { QueueingHint } from "./queueing_hint.ts";

/** A plugin with what may help the pods that it refuses; `undefined`: whatever happens may. */
export interface PluginHints {
  readonly plugin: string;
  readonly hints: readonly QueueingHint[] | undefined;
}

interface Line {
  readonly plugin: string;
  readonly hint: QueueingHint | undefined;
}

/** Which plugins an event concerns: looked up by resource and action, so that most events cost one look. */
export class HintTable {
  readonly #lines = new Map<string, Line[]>();
  readonly #anything: Line[] = [];

  constructor(plugins: readonly PluginHints[]) {
    for (const { plugin, hints } of plugins) {
      if (hints === undefined) {
        this.#anything.push({ plugin, hint: undefined });
        continue;
      }
      for (const hint of hints) {
        for (const action of hint.actions) {
          const name = `${hint.resource}/${action}`;
          const lines = this.#lines.get(name);
          if (lines === undefined) this.#lines.set(name, [{ plugin, hint }]);
          else lines.push({ plugin, hint });
        }
      }
    }
  }

  /** The lines of an event; none for one that helps nobody. */
  lines({ resource, action }: ClusterEvent): readonly Line[] {
    const own = this.#lines.get(`${resource}/${action}`);
    // A change that has a name of its own is a change all the same.
    const plain = action.startsWith("Update") && action !== "Update"
      ? this.#lines.get(`${resource}/Update`)
      : undefined;
    if (own === undefined && plain === undefined) return this.#anything;
    return [...own ?? [], ...plain ?? [], ...this.#anything];
  }

  /** Whether the event may help a pod that these plugins refused. */
  helps(pod: Pod, rejectedBy: ReadonlySet<string>, event: ClusterEvent): string | undefined {
    if (event.resource === "*") return "*";
    for (const { plugin, hint } of this.lines(event)) {
      if (rejectedBy.has(plugin) && mayHelp(hint, pod, event)) return plugin;
    }
    return undefined;
  }
}

/** A hint that fails is no reason to leave a pod waiting. */
export function mayHelp(hint: QueueingHint | undefined, pod: Pod, event: ClusterEvent): boolean {
  try {
    return hint?.helps === undefined || hint.helps(pod, event);
  } catch {
    return true;
  }
}
