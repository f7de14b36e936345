import type { AdmissionRequest } from "../../ports.ts";
import type { Invocation } from "../matching/invocation.ts";
import { RequestVersions } from "../matching/versioned.ts";
import type { Webhook } from "./webhook.ts";
import { askWebhook, failureOf, invocationFor, WebhookPlugin } from "./webhook_plugin.ts";

/** Asks every validating webhook that is for a request, all at once; the first no is the answer. */
export class ValidatingWebhooks extends WebhookPlugin {
  readonly name = "ValidatingAdmissionWebhook";

  async validate(request: AdmissionRequest): Promise<void> {
    await this.index.started;
    const relevant: { webhook: Webhook; invocation: Invocation }[] = [];
    const versions = new RequestVersions(request);
    for (const webhook of this.index.all) {
      const invocation = await invocationFor(this.options, webhook, versions, false);
      if (invocation !== undefined) relevant.push({ webhook, invocation });
    }
    if (relevant.length === 0) return;
    const failures: unknown[] = [];
    await Promise.all(relevant.map(async ({ webhook, invocation }, index) => {
      try {
        await askWebhook(this.options, webhook, versions, invocation, false);
      } catch (error) {
        const place = { prefix: "validating", round: 0, index };
        const failure = failureOf(this.options, webhook, request, error, place);
        if (failure !== undefined) failures.push(failure);
      }
    }));
    if (failures.length > 0) throw failures[0];
  }
}
