import type { MutatingWebhookConfiguration } from "../../../api/served.ts";
import type { ObjectReader } from "../../ports.ts";
import { type Webhook, webhooksOf } from "./webhook.ts";

const GROUP = "admissionregistration.k8s.io";

/** All webhooks of one kind of configuration, by the names of the configurations, kept up to date by their changes. */
export class WebhookIndex {
  readonly #configurations = new Map<string, readonly Webhook[]>();
  #all: readonly Webhook[] = [];
  readonly #started = Promise.withResolvers<void>();
  #following = false;

  /** In the order in which they are called. */
  get all(): readonly Webhook[] {
    return this.#all;
  }

  /** True where no request has to ask. Before the start nobody knows. */
  get idle(): boolean {
    return this.#following && this.#all.length === 0;
  }

  /** Resolves once what is configured is known: no request passes by it because the server has just begun. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Follows `mutatingwebhookconfigurations` or `validatingwebhookconfigurations`; returns the end of it. */
  start(reader: ObjectReader, resource: string): () => void {
    const end = reader.onChange(GROUP, resource, ({ current, previous }) => {
      const name = (current ?? previous)?.metadata?.name ?? "";
      if (current === undefined) this.#configurations.delete(name);
      else this.#configurations.set(name, webhooksOf(current));
      this.#arrange();
    });
    for (const each of reader.list<MutatingWebhookConfiguration>(GROUP, resource)) {
      this.#configurations.set(each.metadata?.name ?? "", webhooksOf(each));
    }
    this.#arrange();
    this.#begin();
    return end;
  }

  #begin(): void {
    this.#following = true;
    this.#started.resolve();
  }

  #arrange(): void {
    const byName = [...this.#configurations].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    this.#all = byName.flatMap(([, webhooks]) => webhooks);
  }
}
