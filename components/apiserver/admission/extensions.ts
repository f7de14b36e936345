import type { Clock, MetricRegistry } from "../../base/mod.ts";
import type { ResourceDefinition } from "../../api/served.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { conditionMeter } from "./matching/condition_metrics.ts";
import { MutatingPolicies } from "./policies/mutating_policies.ts";
import { MutatingPolicy } from "./policies/mutating_policy.ts";
import type { ConvertStored, ServedKinds } from "./policies/params.ts";
import { PolicyIndex } from "./policies/policy_index.ts";
import { PolicyMetrics } from "./policies/policy_metrics.ts";
import { ValidatingPolicies } from "./policies/validating_policies.ts";
import { ValidatingPolicy } from "./policies/validating_policy.ts";
import { MutatingWebhooks } from "./webhooks/mutating_webhooks.ts";
import { ValidatingWebhooks } from "./webhooks/validating_webhooks.ts";
import { WebhookIndex } from "./webhooks/webhook_index.ts";
import { WebhookMetrics } from "./webhooks/webhook_metrics.ts";
import type { WebhookOptions } from "./webhooks/webhook_plugin.ts";

export interface ExtensionOptions
  extends Omit<WebhookOptions, "equivalents" | "meterConditions" | "metrics"> {
  readonly metrics: MetricRegistry;
  readonly clock: Clock;
  /** The resources that are served; they come and go. */
  readonly definitions: ServedKinds;
  readonly convertStored?: ConvertStored;
}

/** Plugins that do what objects of the cluster say. */
export type ExtensionName =
  | "MutatingAdmissionPolicy"
  | "MutatingAdmissionWebhook"
  | "ValidatingAdmissionPolicy"
  | "ValidatingAdmissionWebhook";

/** What a cluster's users add to admission. Where nothing is added, no request asks any of it. */
export class AdmissionExtensions {
  readonly plugins: Readonly<Record<ExtensionName, AdmissionPlugin>>;
  readonly #options: ExtensionOptions;
  readonly #mutatingPolicies = new PolicyIndex((object) => new MutatingPolicy(object));
  readonly #validatingPolicies = new PolicyIndex((object) => new ValidatingPolicy(object));
  readonly #mutating = new WebhookIndex();
  readonly #validating = new WebhookIndex();

  constructor(options: ExtensionOptions) {
    this.#options = options;
    const { definitions } = options;
    const shared = {
      ...options,
      metrics: new WebhookMetrics(options.metrics, options.clock),
      meterConditions: conditionMeter(options.metrics, options.clock),
      equivalents: ({ storage }: ResourceDefinition) =>
        storage === undefined
          ? []
          : definitions.all().filter((each) => each.storage?.prefix === storage.prefix),
    };
    const policies = { ...shared, metrics: new PolicyMetrics(options.metrics, options.clock) };
    this.plugins = {
      MutatingAdmissionPolicy: new MutatingPolicies(this.#mutatingPolicies, policies),
      MutatingAdmissionWebhook: new MutatingWebhooks(this.#mutating, shared),
      ValidatingAdmissionPolicy: new ValidatingPolicies(this.#validatingPolicies, policies),
      ValidatingAdmissionWebhook: new ValidatingWebhooks(this.#validating, shared),
    };
  }

  /** Follows the configurations once the caches are there; returns the end of it. */
  start(): () => void {
    const { reader } = this.#options;
    const ends = [
      this.#mutatingPolicies.start(
        reader,
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
      ),
      this.#validatingPolicies.start(
        reader,
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
      ),
      this.#mutating.start(reader, "mutatingwebhookconfigurations"),
      this.#validating.start(reader, "validatingwebhookconfigurations"),
    ];
    return () => ends.forEach((end) => end());
  }
}
