import {
  equalJson,
  internalError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../../base/mod.ts";
import { applyJsonPatch, nestsTooDeep } from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";
import { asJson } from "../../registry/mod.ts";
import type { Invocation } from "../matching/invocation.ts";
import { type Reinvocation, reinvocationOf } from "../matching/reinvocation.ts";
import { RequestVersions } from "../matching/versioned.ts";
import type { ReviewAnswer } from "./review.ts";
import type { Webhook } from "./webhook.ts";
import { CallError } from "./webhook_error.ts";
import { askWebhook, failureOf, invocationFor, WebhookPlugin } from "./webhook_plugin.ts";

/**
 * Asks the mutating webhooks that are for a request one after the other; each sees what those before it have made. What
 * one changes may concern those that came before: those that want it are asked once more, in a second round.
 */
export class MutatingWebhooks extends WebhookPlugin {
  readonly name = "MutatingAdmissionWebhook";

  async admit(request: AdmissionRequest): Promise<void> {
    await this.index.started;
    const reinvocation = reinvocationOf(request, this);
    const versions = new RequestVersions(request);
    reinvocation.begin(request.object);
    try {
      for (const [index, webhook] of this.index.all.entries()) {
        await this.#ask(versions, webhook, index, reinvocation);
      }
    } finally {
      reinvocation.end(request.object);
    }
  }

  async #ask(
    versions: RequestVersions,
    webhook: Webhook,
    index: number,
    reinvocation: Reinvocation,
  ): Promise<void> {
    const { request } = versions;
    if (!reinvocation.wants(webhook.id)) return;
    const invocation = await invocationFor(this.options, webhook, versions, true);
    if (invocation === undefined) return;
    try {
      const answer = await askWebhook(this.options, webhook, versions, invocation, true);
      const place = `round_${reinvocation.round}_index_${index}`;
      const mutated = await applyAnswer(webhook, answer, versions, invocation);
      const { configuration, name } = webhook;
      request.annotate?.(
        `mutation.webhook.admission.k8s.io/${place}`,
        JSON.stringify({ configuration, webhook: name, mutated }),
      );
      if (mutated) {
        const patch = JSON.parse(answer.patch) as JsonValue;
        request.annotate?.(
          `patch.webhook.admission.k8s.io/${place}`,
          JSON.stringify({ configuration, webhook: name, patch, patchType: "JSONPatch" }),
          "Request",
        );
      }
      if (mutated) reinvocation.changed();
      if (webhook.reinvocable) reinvocation.called(webhook.id);
    } catch (error) {
      if (webhook.reinvocable) reinvocation.called(webhook.id);
      const round = reinvocation.round;
      const failure = failureOf(this.options, webhook, request, error, {
        prefix: "mutation",
        round,
        index,
      });
      if (failure !== undefined) throw failure;
    }
  }
}

/** Applies a webhook's patch; true where it changed something. */
async function applyAnswer(
  webhook: Webhook,
  { patch, patchType }: ReviewAnswer,
  versions: RequestVersions,
  invocation: Invocation,
): Promise<boolean> {
  if (patch === "") return false;
  const operations = parsePatch(patch);
  if (operations.length === 0) return false;
  if (patchType !== "JSONPatch") {
    throw new CallError(webhook.name, `unsupported patch type ${JSON.stringify(patchType)}`);
  }
  const current = (await versions.at(invocation)).object();
  if (current === null) {
    throw internalError(
      `admission webhook ${
        JSON.stringify(webhook.name)
      } attempted to modify the object, which is not supported for this operation`,
    );
  }
  const before = asJson(structuredClone(current));
  let after: JsonObject;
  try {
    after = applyJsonPatch(before, operations as JsonValue);
  } catch (error) {
    throw internalError(error instanceof Error ? error.message : String(error));
  }
  if (equalJson(after, before)) return false;
  await versions.takeBack(after, invocation);
  return true;
}

function parsePatch(text: string): readonly JsonValue[] {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw internalError(error instanceof Error ? error.message : String(error));
  }
  if (value === null) return [];
  if (nestsTooDeep(value)) throw internalError("exceeded max depth");
  if (!Array.isArray(value) || !value.every(isJsonObject)) {
    throw internalError("a JSON patch is a list of operations");
  }
  return value;
}
