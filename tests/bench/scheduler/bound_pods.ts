import { type Pod, PODS } from "../../../components/api/mod.ts";
import type { Client } from "../../../components/client/mod.ts";

/** When each pod got its node, as a watch shows it. */
export class BoundPods {
  readonly times = new Map<string, number>();
  readonly all: Promise<void>;
  readonly #abort = new AbortController();

  constructor(client: Client, namespace: string, count: number) {
    this.all = this.#follow(client, namespace, count);
  }

  end(): void {
    this.#abort.abort();
  }

  async #follow(client: Client, namespace: string, count: number): Promise<void> {
    const { metadata } = await client.list(PODS, { namespace, limit: 1 });
    const events = await client.watch<Pod>(PODS, {
      namespace,
      resourceVersion: metadata?.resourceVersion ?? "",
      fieldSelector: "spec.nodeName!=",
      signal: this.#abort.signal,
    });
    for await (const { object, type } of events) {
      if (type !== "ADDED" && type !== "MODIFIED") continue;
      const name = object.metadata?.name ?? "";
      if (!this.times.has(name)) this.times.set(name, performance.now());
      if (this.times.size >= count) return;
    }
    throw new Error("the watch ended before all pods were bound");
  }
}
