import type { JsonObject } from "../../../components/base/mod.ts";
import { FakeWebhook } from "../../../components/apiserver/webhook/fake_webhook.ts";
import type { Step, Surroundings } from "./parity_case.ts";
import { answer } from "./review_answers.ts";

/** A webhook that answers as `review_answers.ts` says: `$hook` and `$ca`. */
export async function openWebhook(): Promise<Surroundings> {
  const webhook = await FakeWebhook.open(answer);
  return {
    names: { hook: webhook.url(""), ca: webhook.caBundle },
    [Symbol.asyncDispose]: () => webhook[Symbol.asyncDispose](),
  };
}

export const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
/** A rule of webhooks and policies. */
export const ruleFor = (
  resource: string | readonly string[],
  operations: readonly string[],
  apiGroup = "",
  apiVersion = "v1",
) => ({
  apiGroups: [apiGroup],
  apiVersions: [apiVersion],
  resources: [resource].flat(),
  operations: [...operations],
});
export const CONFIGMAPS = ruleFor("configmaps", ["*"]);

/** A configuration of webhooks for the ConfigMaps of a case, each by the path that it calls. */
export function configuration(
  kind: "validating" | "mutating",
  name: string,
  webhooks: readonly (JsonObject & { path: string })[],
): Step {
  return {
    send: `POST ${ADMISSION}/${kind}webhookconfigurations`,
    body: {
      metadata: { name },
      webhooks: webhooks.map(({ path, ...rest }) => ({
        name: "a.hook.test",
        clientConfig: { url: `$hook${path}`, caBundle: "$ca" },
        rules: [CONFIGMAPS],
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "$ns" } },
        ...rest,
      })),
    },
    code: 201,
  };
}

export const gone = (kind: "validating" | "mutating", name: string): Step => ({
  send: `DELETE ${ADMISSION}/${kind}webhookconfigurations/${name}`,
  code: 200,
});
