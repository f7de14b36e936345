import {
  authorizationModes,
  type AuthorizationSettings,
  type AuthorizerConfiguration,
  ConfigurationError,
  readAuthorizationConfiguration,
  type WebhookEndpoint,
} from "../apiserver/mod.ts";
import { type ApiServerFlags, readText } from "./api_server_settings.ts";
import { durationOf, webhookEndpoint } from "./authentication_files.ts";

const WEBHOOK_TIMEOUT_MILLISECONDS = 30_000;

/** The chain of authorizers that the flags ask for; undefined for the usual one. */
export async function authorizationSettings(
  flags: ApiServerFlags,
): Promise<AuthorizationSettings | undefined> {
  const { authorizationConfig: file, authorizationMode: modes } = flags;
  if (file !== undefined) {
    const others = [modes, flags.authorizationPolicyFile, flags.authorizationWebhookConfigFile];
    if (others.some((one) => one !== undefined)) {
      throw new ConfigurationError(
        "--authorization-config can not be specified when --authorization-mode or " +
          "--authorization-webhook-* flags are defined",
      );
    }
    return withEndpoints(readAuthorizationConfiguration(await readText(file)));
  }
  if (modes === undefined) return undefined;
  const policy = flags.authorizationPolicyFile;
  const kubeconfig = flags.authorizationWebhookConfigFile;
  return withEndpoints(authorizationModes(modes, {
    ...(policy === undefined ? {} : { abac: { policy: await readText(policy), path: policy } }),
    ...(kubeconfig === undefined ? {} : {
      webhook: {
        kubeconfig,
        version: flags.authorizationWebhookVersion === "v1" ? "v1" : "v1beta1",
        allowedMilliseconds: durationOf(
          "authorization-webhook-cache-authorized-ttl",
          flags.authorizationWebhookCacheAuthorizedTtl ?? "5m",
        ),
        otherMilliseconds: durationOf(
          "authorization-webhook-cache-unauthorized-ttl",
          flags.authorizationWebhookCacheUnauthorizedTtl ?? "30s",
        ),
        timeoutMilliseconds: WEBHOOK_TIMEOUT_MILLISECONDS,
        onFailure: "NoOpinion",
        conditions: [],
      },
    }),
  }));
}

async function withEndpoints(
  authorizers: readonly AuthorizerConfiguration[],
): Promise<AuthorizationSettings> {
  const endpoints = new Map<string, WebhookEndpoint>();
  for (const one of authorizers) {
    if (one.type !== "Webhook" || endpoints.has(one.webhook.kubeconfig)) continue;
    endpoints.set(one.webhook.kubeconfig, await webhookEndpoint(one.webhook.kubeconfig));
  }
  return { authorizers, endpoints };
}
