import type { ResourceDefinition } from "../../api/mod.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { MutatingWebhooks } from "./webhooks/mutating_webhooks.ts";
import { ValidatingWebhooks } from "./webhooks/validating_webhooks.ts";
import { WebhookIndex } from "./webhooks/webhook_index.ts";
import type { WebhookOptions } from "./webhooks/webhook_plugin.ts";

export interface ExtensionOptions extends Omit<WebhookOptions, "equivalents"> {
  /** The resources that are served; they come and go. */
  readonly definitions: { all(): readonly ResourceDefinition[] };
}

/** What a cluster's users add to admission, in upstream's order. Where nothing is added, no request asks any of it. */
export class AdmissionExtensions {
  readonly plugins: readonly AdmissionPlugin[];
  readonly #options: ExtensionOptions;
  readonly #mutating = new WebhookIndex();
  readonly #validating = new WebhookIndex();

  constructor(options: ExtensionOptions) {
    this.#options = options;
    const { definitions } = options;
    const shared = {
      ...options,
      equivalents: ({ storage }: ResourceDefinition) =>
        storage === undefined
          ? []
          : definitions.all().filter((each) => each.storage?.prefix === storage.prefix),
    };
    this.plugins = [
      new MutatingWebhooks(this.#mutating, shared),
      new ValidatingWebhooks(this.#validating, shared),
    ];
  }

  /** Follows the configurations once the caches are there; returns the end of it. */
  start(): () => void {
    const { reader } = this.#options;
    const ends = [
      this.#mutating.start(reader, "mutatingwebhookconfigurations"),
      this.#validating.start(reader, "validatingwebhookconfigurations"),
    ];
    return () => ends.forEach((end) => end());
  }
}
