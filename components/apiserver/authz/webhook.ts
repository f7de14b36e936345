import { type Clock, isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from "../ports.ts";
import { sendReview, type WebhookEndpoint } from "../review_webhook.ts";
import type { MatchCondition } from "./match_condition.ts";
import { reviewSpec } from "./review_spec.ts";

const CACHED_MAXIMUM = 8192;
/** Questions that are longer are not remembered. */
const KEY_MAXIMUM_CHARACTERS = 10_000;

export interface WebhookAuthorizerOptions {
  readonly endpoint: WebhookEndpoint;
  /** The version of `authorization.k8s.io` that the webhook speaks. */
  readonly version: "v1" | "v1beta1";
  /** How long answers are remembered; 0: not at all. */
  readonly allowedMilliseconds: number;
  readonly otherMilliseconds: number;
  readonly timeoutMilliseconds: number;
  /** What an answer that does not come means. */
  readonly onFailure: "NoOpinion" | "Deny";
  /** All must hold for the webhook to be asked. */
  readonly conditions: readonly MatchCondition[];
  readonly clock: Clock;
  /** What the configuration calls it. */
  readonly name?: string;
  readonly meter?: WebhookAuthorizerMeter;
}

/** Hears how webhooks are asked. Times in seconds. */
export interface WebhookAuthorizerMeter {
  asked(name: string, result: "success" | "timeout" | "error", seconds: number): void;
  /** It gave no answer, and that stopped nobody. */
  passed(name: string, result: "timeout" | "error"): void;
  /** What its conditions said. */
  matched(name: string, outcome: "matched" | "excluded" | "error", seconds: number): void;
}

interface Remembered {
  readonly decision: AuthorizationDecision;
  readonly until: number;
}

/** Asks a webhook, by a SubjectAccessReview, who may do what. */
export class WebhookAuthorizer implements Authorizer {
  readonly #options: WebhookAuthorizerOptions;
  readonly #cache = new Map<string, Remembered>();

  constructor(options: WebhookAuthorizerOptions) {
    this.#options = options;
  }

  authorize(
    attributes: AuthorizationAttributes,
  ): AuthorizationDecision | Promise<AuthorizationDecision> {
    const spec = reviewSpec(attributes);
    const matched = this.#matched(spec);
    if (matched instanceof Error) return this.#failed(matched);
    if (!matched) return NO_OPINION;
    const key = JSON.stringify(spec);
    const known = this.#cache.get(key);
    if (known !== undefined) {
      if (known.until > this.#options.clock.monotonic()) return known.decision;
      this.#cache.delete(key);
    }
    return this.#ask(spec, key);
  }

  #matched(spec: JsonObject): boolean | Error {
    const { clock, conditions, meter, name = "" } = this.#options;
    if (conditions.length === 0) return true;
    const started = clock.monotonic();
    const matched = this.#matches(spec);
    const outcome = matched instanceof Error ? "error" : matched ? "matched" : "excluded";
    meter?.matched(name, outcome, (clock.monotonic() - started) / 1000);
    return matched;
  }

  /** A condition that is false decides, whatever others fail. */
  #matches(spec: JsonObject): boolean | Error {
    let failure: Error | undefined;
    for (const condition of this.#options.conditions) {
      const holds = condition.holds(spec);
      if (holds === false) return false;
      if (holds instanceof Error) failure ??= holds;
    }
    return failure ?? true;
  }

  #failed(error: unknown): AuthorizationDecision {
    const reason = error instanceof Error ? error.message : String(error);
    return this.#options.onFailure === "Deny"
      ? { allowed: false, denied: true, reason }
      : { allowed: false, reason };
  }

  async #ask(spec: JsonObject, key: string): Promise<AuthorizationDecision> {
    const { endpoint, version, clock, timeoutMilliseconds, meter, name = "", onFailure } =
      this.#options;
    const started = clock.monotonic();
    const seconds = () => (clock.monotonic() - started) / 1000;
    let answer: JsonObject;
    try {
      answer = await sendReview(
        endpoint,
        {
          apiVersion: `authorization.k8s.io/${version}`,
          kind: "SubjectAccessReview",
          metadata: {},
          spec: version === "v1" ? spec : withGroup(spec),
        },
        clock,
        timeoutMilliseconds,
      );
      meter?.asked(name, "success", seconds());
    } catch (error) {
      const result = seconds() * 1000 >= timeoutMilliseconds ? "timeout" : "error";
      meter?.asked(name, result, seconds());
      if (onFailure === "NoOpinion") meter?.passed(name, result);
      return this.#failed(error);
    }
    const status = isJsonObject(answer["status"]) ? answer["status"] : {};
    const { allowed, denied } = status;
    const reason = typeof status["reason"] === "string" ? status["reason"] : "";
    if (allowed === true && denied === true) {
      return this.#failed(
        "webhook subject access review returned both allow and deny response",
      );
    }
    const decision = allowed === true
      ? { allowed: true, reason }
      : denied === true
      ? { allowed: false, denied: true, reason }
      : { allowed: false, reason };
    this.#remember(key, decision);
    return decision;
  }

  #remember(key: string, decision: AuthorizationDecision): void {
    const { allowedMilliseconds, otherMilliseconds, clock } = this.#options;
    const length = decision.allowed ? allowedMilliseconds : otherMilliseconds;
    if (length <= 0 || key.length > KEY_MAXIMUM_CHARACTERS) return;
    if (this.#cache.size >= CACHED_MAXIMUM) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    this.#cache.set(key, { decision, until: clock.monotonic() + length });
  }
}

const NO_OPINION: AuthorizationDecision = { allowed: false, reason: "" };

/** The older version calls the groups by another name. */
function withGroup({ groups, ...spec }: JsonObject): JsonObject {
  return groups === undefined ? spec : { ...spec, group: groups };
}
