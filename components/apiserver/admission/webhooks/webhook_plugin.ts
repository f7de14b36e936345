import {
  ApiError,
  badRequest,
  forbidden,
  internalError,
  type JsonObject,
  type Logger,
  type Random,
} from "../../../base/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer, ObjectReader } from "../../ports.ts";
import type { CallWebhook } from "../../webhook/mod.ts";
import { Activation, describeRequest } from "../matching/activation.ts";
import { isExempt } from "../matching/attributes.ts";
import type { MeterConditions } from "../matching/condition_metrics.ts";
import { type Equivalents, type Invocation, invocationOf } from "../matching/invocation.ts";
import { namespaceOf, namespaceSelected, objectSelected } from "../matching/selectors.ts";
import type { RequestVersions, Versioned } from "../matching/versioned.ts";
import { readReview, type ReviewAnswer, reviewOf, reviewVersion } from "./review.ts";
import type { Webhook } from "./webhook.ts";
import { CallError, denial } from "./webhook_error.ts";
import type { WebhookIndex } from "./webhook_index.ts";
import type { WebhookMetrics } from "./webhook_metrics.ts";

export interface WebhookOptions {
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  readonly equivalents: Equivalents;
  readonly call: CallWebhook;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: WebhookMetrics;
  readonly meterConditions: MeterConditions;
}

/** What both plugins have: the webhooks of one kind of configuration, and how they are asked. */
export abstract class WebhookPlugin implements AdmissionPlugin {
  abstract readonly name: string;

  constructor(protected readonly index: WebhookIndex, protected readonly options: WebhookOptions) {}

  handles(request: AdmissionRequest): boolean {
    return !this.index.idle && !isExempt(request);
  }
}

/** Whether a webhook is for a request, and as what. Throws where its selectors or conditions cannot be judged. */
export async function invocationFor(
  options: WebhookOptions,
  webhook: Webhook,
  versions: RequestVersions,
  mutating: boolean,
): Promise<Invocation | undefined> {
  const { request } = versions;
  // The cheapest first: most requests are none of a webhook's business.
  const invocation = invocationOf(
    request,
    webhook.rules,
    [],
    webhook.matchPolicy,
    options.equivalents,
  );
  if (invocation === undefined) return undefined;
  if (!objectSelected(request, webhook.objectSelector)) return undefined;
  if (!namespaceSelected(request, webhook.namespaceSelector, options.reader)) return undefined;
  if (webhook.conditions.none) return invocation;
  const activation = new Activation(
    request,
    invocation,
    options.authorizer,
    await versions.at(invocation),
    () => namespaceOf(request, options.reader),
  );
  const type = mutating ? "admit" : "validating";
  const done = options.meterConditions({ name: webhook.name, kind: "webhook", type }, request);
  const outcome = await webhook.conditions.match(activation, webhook.failClosed);
  done(outcome);
  if ("error" in outcome) {
    const { group, plural: resource } = request.requested ?? request.definition;
    throw forbidden({ group, resource }, request.name, outcome.error);
  }
  return outcome.matches ? invocation : undefined;
}

/** Calls a webhook. Throws `CallError` where it cannot be asked, and what it refuses with. */
export async function askWebhook(
  options: WebhookOptions,
  webhook: Webhook,
  versions: RequestVersions,
  invocation: Invocation,
  mutating: boolean,
): Promise<ReviewAnswer> {
  const { request } = versions;
  checkDryRun(webhook, request);
  const objects = await versions.at(invocation);
  const done = options.metrics.begin(webhook, request, mutating);
  try {
    const answer = await review(options, webhook, request, invocation, objects, mutating);
    done({ is: "allowed" });
    return answer;
  } catch (error) {
    done(
      error instanceof CallError
        ? { is: "failed", open: !webhook.failClosed }
        : { is: "denied", code: error instanceof ApiError ? error.code : 500 },
    );
    throw error;
  }
}

async function review(
  options: WebhookOptions,
  webhook: Webhook,
  request: AdmissionRequest,
  invocation: Invocation,
  { object, oldObject }: Versioned,
  mutating: boolean,
): Promise<ReviewAnswer> {
  const version = reviewVersion(webhook.reviewVersions);
  if (version === undefined) {
    throw new CallError(
      webhook.name,
      "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    );
  }
  const uid = options.random.uuid();
  let value;
  try {
    value = await options.call({
      client: webhook.client,
      body: reviewOf(
        version,
        uid,
        describeRequest(request, invocation),
        object(),
        oldObject(),
      ),
      timeoutMilliseconds: webhook.timeoutMilliseconds,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CallError(webhook.name, `failed to call webhook: ${why}`);
  }
  const answer = readReview(value, version, uid, mutating);
  if (typeof answer === "string") {
    throw new CallError(webhook.name, `received invalid webhook response: ${answer}`);
  }
  for (const [key, text] of Object.entries(answer.auditAnnotations)) {
    request.annotate?.(`${webhook.name}/${key}`, text);
  }
  for (const text of answer.warnings) request.warn(text);
  if (!answer.allowed) throw denial(webhook.name, answer.result);
  return answer;
}

const HARMLESS = new Set(["None", "NoneOnDryRun"]);

function checkDryRun({ name, sideEffects }: Webhook, { dryRun }: AdmissionRequest): void {
  if (!dryRun) return;
  if (sideEffects === undefined) throw new CallError(name, "Webhook SideEffects is nil");
  if (!HARMLESS.has(sideEffects)) {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
}

/** What becomes of an error: nothing, where the webhook's failure policy lets the request pass. */
export function failureOf(
  { logger }: WebhookOptions,
  webhook: Webhook,
  request: AdmissionRequest,
  error: unknown,
  annotation: { readonly prefix: string; readonly round: number; readonly index: number },
): unknown {
  if (!(error instanceof CallError)) return error;
  if (webhook.failClosed) return internalError(error.message);
  logger.warn("failed calling webhook, failing open", { webhook: webhook.name, error });
  const { prefix, round, index } = annotation;
  const { configuration, name } = webhook;
  request.annotate?.(
    `failed-open.${prefix}.webhook.admission.k8s.io/round_${round}_index_${index}`,
    JSON.stringify({ configuration, webhook: name } satisfies JsonObject),
  );
  return undefined;
}
