import type { RequestInfo } from "./ports.ts";

type Place = Pick<RequestInfo, "group" | "resource" | "namespace">;

/** How many watches are open, by resource and namespace. */
export class WatchCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a watch; the result ends that. */
  open(info: Place): () => void {
    const key = keyOf(info, info.namespace);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** How many would hear of a change there. */
  of(info: Place): number {
    const all = this.#counts.get(keyOf(info, "")) ?? 0;
    return info.namespace === "" ? all : all + (this.#counts.get(keyOf(info, info.namespace)) ?? 0);
  }
}

const keyOf = ({ group, resource }: Place, namespace: string): string =>
  `${group}/${resource}/${namespace}`;
