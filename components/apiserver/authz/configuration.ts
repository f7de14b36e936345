import {
  choice,
  ConfigurationError,
  duration,
  fallback,
  flag,
  list,
  members,
  optional,
  readConfigurationDocument,
  text,
} from "../configuration/mod.ts";
import { MatchCondition } from "./match_condition.ts";

/** How a webhook is asked; where it is, its kubeconfig says. */
export interface WebhookConfiguration {
  readonly kubeconfig: string;
  readonly version: "v1" | "v1beta1";
  readonly allowedMilliseconds: number;
  readonly otherMilliseconds: number;
  readonly timeoutMilliseconds: number;
  readonly onFailure: "NoOpinion" | "Deny";
  readonly conditions: readonly MatchCondition[];
}

/** One of the chain of authorizers. */
export type AuthorizerConfiguration =
  | { readonly type: "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny" }
  | { readonly type: "ABAC"; readonly policy: string; readonly path: string }
  | { readonly type: "Webhook"; readonly name: string; readonly webhook: WebhookConfiguration };

const TYPES = ["Node", "RBAC", "AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook"] as const;
const VERSIONS = ["v1", "v1beta1", "v1alpha1"].map((one) => `apiserver.config.k8s.io/${one}`);
const TIMEOUT_MAXIMUM_MILLISECONDS = 30_000;
const CONDITIONS_MAXIMUM = 64;
const ALLOWED_MILLISECONDS = 300_000;
const OTHER_MILLISECONDS = 30_000;

const file = members({
  authorizers: list(members({
    type: choice(...TYPES),
    name: text,
    webhook: optional(members({
      authorizedTTL: fallback(duration, ALLOWED_MILLISECONDS),
      cacheAuthorizedRequests: fallback(flag, true),
      unauthorizedTTL: fallback(duration, OTHER_MILLISECONDS),
      cacheUnauthorizedRequests: fallback(flag, true),
      timeout: duration,
      subjectAccessReviewVersion: choice("v1", "v1beta1"),
      matchConditionSubjectAccessReviewVersion: fallback(choice("v1"), "v1"),
      failurePolicy: choice("NoOpinion", "Deny"),
      connectionInfo: members({
        type: choice("KubeConfigFile", "InClusterConfig"),
        kubeConfigFile: fallback(text, ""),
      }),
      matchConditions: list(members({ expression: text })),
    })),
  })),
});

/** Reads `--authorization-config`. Throws `ConfigurationError`. */
export function readAuthorizationConfiguration(
  written: string,
): readonly AuthorizerConfiguration[] {
  const { content } = readConfigurationDocument(written, "AuthorizationConfiguration", VERSIONS);
  const { authorizers } = file(content, "");
  if (authorizers.length === 0) {
    throw new ConfigurationError(
      "authorizers: Required value: at least one authorization mode must be defined",
    );
  }
  const types = new Set<string>();
  const names = new Set<string>();
  return authorizers.map(({ type, name, webhook }, i): AuthorizerConfiguration => {
    const path = `authorizers[${i}]`;
    if (type === "AlwaysAllow" || type === "AlwaysDeny" || type === "ABAC") {
      throw new ConfigurationError(
        `${path}.type: Unsupported value: ${
          JSON.stringify(type)
        }: supported values: "Node", "RBAC", "Webhook"`,
      );
    }
    if (type !== "Webhook" && types.has(type)) {
      throw new ConfigurationError(`${path}.type: Duplicate value: ${JSON.stringify(type)}`);
    }
    if (names.has(name)) {
      throw new ConfigurationError(`${path}.name: Duplicate value: ${JSON.stringify(name)}`);
    }
    types.add(type);
    names.add(name);
    if (type !== "Webhook") {
      if (webhook === undefined) return { type };
      throw new ConfigurationError(
        `${path}.webhook: Invalid value: "non-null": may only be specified when type=Webhook`,
      );
    }
    if (webhook === undefined) {
      throw new ConfigurationError(`${path}.webhook: Required value: required when type=Webhook`);
    }
    return { type, name, webhook: webhookOf(webhook, `${path}.webhook`) };
  });
}

type FileWebhook = NonNullable<ReturnType<typeof file>["authorizers"][number]["webhook"]>;

function webhookOf(webhook: FileWebhook, path: string): WebhookConfiguration {
  const { timeout, connectionInfo, matchConditions } = webhook;
  if (timeout <= 0 || timeout > TIMEOUT_MAXIMUM_MILLISECONDS) {
    throw new ConfigurationError(
      `${path}.timeout: Invalid value: ${
        JSON.stringify(`${timeout / 1000}s`)
      }: must be > 0s and <= 30s`,
    );
  }
  const { kubeConfigFile } = connectionInfo;
  if (connectionInfo.type === "InClusterConfig") {
    throw new ConfigurationError(
      kubeConfigFile === ""
        ? `${path}.connectionInfo.type: Forbidden: InClusterConfig is not allowed for kube-apiserver`
        : `${path}.connectionInfo.kubeConfigFile: Invalid value: ${
          JSON.stringify(kubeConfigFile)
        }: can only be set when type=KubeConfigFile`,
    );
  }
  if (kubeConfigFile === "") {
    throw new ConfigurationError(`${path}.connectionInfo.kubeConfigFile: Required value`);
  }
  if (matchConditions.length > CONDITIONS_MAXIMUM) {
    throw new ConfigurationError(
      `${path}.matchConditions: Too many: ${matchConditions.length}: must have at most ` +
        `${CONDITIONS_MAXIMUM} items`,
    );
  }
  return {
    kubeconfig: kubeConfigFile,
    version: webhook.subjectAccessReviewVersion,
    allowedMilliseconds: webhook.cacheAuthorizedRequests ? webhook.authorizedTTL : 0,
    otherMilliseconds: webhook.cacheUnauthorizedRequests ? webhook.unauthorizedTTL : 0,
    timeoutMilliseconds: timeout,
    onFailure: webhook.failurePolicy,
    conditions: matchConditions.map(({ expression }, i) =>
      new MatchCondition(expression, `${path}.matchConditions[${i}].expression`)
    ),
  };
}

/** The chain of `--authorization-mode`. Throws `ConfigurationError`. */
export function authorizationModes(
  modes: readonly string[],
  given: {
    readonly abac?: { policy: string; path: string };
    readonly webhook?: WebhookConfiguration;
  },
): readonly AuthorizerConfiguration[] {
  const seen = new Set<string>();
  return modes.map((mode): AuthorizerConfiguration => {
    const type = TYPES.find((one) => one === mode);
    if (type === undefined) {
      throw new ConfigurationError(
        `authorization-mode ${JSON.stringify(mode)} is not a valid mode`,
      );
    }
    if (seen.has(mode)) {
      throw new ConfigurationError(
        `authorization-mode ${JSON.stringify(modes)} has mode specified more than once`,
      );
    }
    seen.add(mode);
    if (type === "ABAC") {
      if (given.abac !== undefined) return { type, ...given.abac };
      throw new ConfigurationError(
        "authorization-mode ABAC's authorization policy file not passed",
      );
    }
    if (type === "Webhook") {
      if (given.webhook !== undefined) return { type, name: "default", webhook: given.webhook };
      throw new ConfigurationError(
        "authorization-mode Webhook's authorization config file not passed",
      );
    }
    return { type };
  });
}
