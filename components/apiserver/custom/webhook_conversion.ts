import { ApiError, type Random } from "../../base/mod.ts";
import type { CustomResourceDefinition, KubeObject, ResourceDefinition } from "../../api/served.ts";
import type { ConvertObjects } from "../registry/mod.ts";
import { type CallWebhook, WebhookError } from "../webhook/mod.ts";
import type { MeterConversion } from "./conversion_metrics.ts";
import {
  ConversionFailure,
  conversionReview,
  convertedObjects,
  reviewVersionOf,
} from "./conversion_review.ts";

const TIMEOUT_MILLISECONDS = 30_000;
/** Objects of one call, so that neither question nor answer grows without bound. */
const OBJECTS_MAXIMUM = 500;

/** Converts by the webhook that a definition names; undefined for one that names none. */
export function webhookConversion(
  { metadata, spec }: CustomResourceDefinition,
  call: CallWebhook,
  random: Random,
  meter?: MeterConversion,
): ConvertObjects | undefined {
  const { strategy, webhook } = spec?.conversion ?? {};
  const client = webhook?.clientConfig;
  const reviewVersion = reviewVersionOf(webhook?.conversionReviewVersions ?? []);
  if (strategy !== "Webhook" || client === undefined) return undefined;
  return async (objects, to) => {
    const converted: KubeObject[] = [];
    for (let from = 0; from < objects.length; from += OBJECTS_MAXIMUM) {
      const part = objects.slice(from, from + OBJECTS_MAXIMUM);
      converted.push(...await convert(part, to));
    }
    return converted;
  };

  async function convert(
    objects: readonly KubeObject[],
    to: ResourceDefinition,
  ): Promise<KubeObject[]> {
    const { apiVersion, kind } = objects[0] ?? {};
    const what = `conversion webhook for ${apiVersion}, Kind=${kind}`;
    if (reviewVersion === undefined) {
      throw new ApiError(500, "", `${what} failed: no supported conversion review versions`);
    }
    const request = {
      uid: random.uuid(),
      desired: `${to.group}/${to.version}`,
      objects,
      reviewVersion,
    };
    const done = meter?.(metadata?.name ?? "", apiVersion ?? "", request.desired);
    try {
      const answer = await call({
        client: client!,
        body: conversionReview(request),
        timeoutMilliseconds: TIMEOUT_MILLISECONDS,
      });
      const converted = convertedObjects(answer, request);
      done?.("success");
      return converted;
    } catch (error) {
      done?.(
        error instanceof ConversionFailure
          ? "conversion_webhook_malformed_response_failure"
          : "conversion_webhook_call_failure",
      );
      if (error instanceof ConversionFailure) {
        throw new ApiError(500, "", `${what} ${error.message}`);
      }
      if (!(error instanceof WebhookError)) throw error;
      throw new ApiError(500, "", `${what} failed: ${error.message}`);
    }
  }
}
