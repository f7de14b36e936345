import { type Clock, isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { UserInfo } from "../ports.ts";
import { sendReview, type WebhookEndpoint } from "../review_webhook.ts";
import { intersection, type TokenAuthenticator } from "./token_authenticator.ts";

export interface TokenWebhookOptions {
  readonly endpoint: WebhookEndpoint;
  /** The version of `authentication.k8s.io` that the webhook speaks. */
  readonly version: "v1" | "v1beta1";
  readonly apiAudiences: readonly string[];
  readonly clock: Clock;
}

/** Asks a webhook, by a TokenReview, whose a token is. */
export function tokenWebhook(
  { endpoint, version, apiAudiences, clock }: TokenWebhookOptions,
): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const answer = await sendReview(endpoint, {
        apiVersion: `authentication.k8s.io/${version}`,
        kind: "TokenReview",
        metadata: {},
        spec: { token, audiences: [...audiences] },
      }, clock);
      const status = isJsonObject(answer["status"]) ? answer["status"] : {};
      if (status["authenticated"] !== true || !isJsonObject(status["user"])) return undefined;
      // A webhook that knows no audiences speaks for the API server's own.
      const said = textsOf(status["audiences"]);
      const shared = intersection(audiences, said.length > 0 ? said : apiAudiences);
      if (shared.length === 0) return undefined;
      return { user: userOf(status["user"]), audiences: shared };
    },
  };
}

function userOf(user: JsonObject): UserInfo {
  const { username, uid, groups, extra } = user;
  const more = isJsonObject(extra)
    ? Object.entries(extra).map(([key, values]) => [key, textsOf(values)] as const)
    : [];
  return {
    username: typeof username === "string" ? username : "",
    ...(typeof uid === "string" && uid !== "" ? { uid } : {}),
    groups: textsOf(groups),
    ...(more.length === 0 ? {} : { extra: Object.fromEntries(more) }),
  };
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
