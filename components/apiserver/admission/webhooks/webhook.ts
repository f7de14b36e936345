import {
  type LabelMatcher,
  labelSelectorMatcher,
  MATCH_EVERYTHING,
  type MutatingWebhook,
  type MutatingWebhookConfiguration,
} from "../../../api/served.ts";
import type { WebhookClientConfig } from "../../webhook/mod.ts";
import { MatchConditions } from "../matching/conditions.ts";
import type { Rule } from "../matching/rules.ts";

/** One webhook of a configuration, ready to be asked whether it is for a request. */
export interface Webhook {
  readonly name: string;
  readonly configuration: string;
  /** Names it among all of its kind, however its configuration changes. */
  readonly id: string;
  readonly rules: readonly Rule[];
  readonly matchPolicy: string;
  readonly namespaceSelector: LabelMatcher;
  readonly objectSelector: LabelMatcher;
  readonly conditions: MatchConditions;
  readonly failClosed: boolean;
  readonly sideEffects: string | undefined;
  readonly reinvocable: boolean;
  readonly timeoutMilliseconds: number;
  readonly reviewVersions: readonly string[];
  readonly client: WebhookClientConfig;
}

const TIMEOUT_SECONDS = 10;

/** The webhooks of a configuration, in its order. */
export function webhooksOf(configuration: MutatingWebhookConfiguration): Webhook[] {
  const seen = new Map<string, number>();
  const of = configuration.metadata?.name ?? "";
  return (configuration.webhooks ?? []).map((webhook) => {
    const { name = "" } = webhook;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return compile(webhook, of, `${of}/${name}/${count}`);
  });
}

function compile(webhook: MutatingWebhook, configuration: string, id: string): Webhook {
  const matcher = (selector: MutatingWebhook["objectSelector"]) =>
    selector === undefined ? MATCH_EVERYTHING : labelSelectorMatcher(selector);
  return {
    name: webhook.name ?? "",
    configuration,
    id,
    rules: webhook.rules ?? [],
    matchPolicy: webhook.matchPolicy ?? "Equivalent",
    namespaceSelector: matcher(webhook.namespaceSelector),
    objectSelector: matcher(webhook.objectSelector),
    conditions: new MatchConditions(webhook.matchConditions ?? []),
    failClosed: webhook.failurePolicy !== "Ignore",
    sideEffects: webhook.sideEffects,
    reinvocable: webhook.reinvocationPolicy === "IfNeeded",
    timeoutMilliseconds: (webhook.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000,
    reviewVersions: webhook.admissionReviewVersions ?? [],
    client: webhook.clientConfig ?? {},
  };
}
