import type { Clock } from "../../base/mod.ts";
import type { Authorizer } from "../ports.ts";
import type { WebhookEndpoint } from "../review_webhook.ts";
import { abacAuthorizer } from "./abac.ts";
import type { AuthorizerConfiguration } from "./configuration.ts";
import { mastersAuthorizer, unionAuthorizer } from "./union.ts";
import { WebhookAuthorizer, type WebhookAuthorizerMeter } from "./webhook.ts";

/** A chain as it is configured, with where its webhooks are. */
export interface AuthorizationSettings {
  readonly authorizers: readonly AuthorizerConfiguration[];
  /** By the path of the kubeconfig that leads there. */
  readonly endpoints: ReadonlyMap<string, WebhookEndpoint>;
}

export interface ChainOptions {
  readonly node: Authorizer;
  readonly rbac: Authorizer;
  /** Asked before all that is configured, whatever that is. */
  readonly first: readonly Authorizer[];
  readonly clock: Clock;
  readonly meter?: WebhookAuthorizerMeter;
}

const USUAL: AuthorizationSettings = {
  authorizers: [{ type: "Node" }, { type: "RBAC" }],
  endpoints: new Map(),
};

/** Asks one authorizer after the other, as configured; the chain may change while the server runs. */
export class AuthorizationChain implements Authorizer {
  readonly #options: ChainOptions;
  #current: Authorizer;
  #types: ReadonlySet<string> = new Set();

  constructor(options: ChainOptions, settings: AuthorizationSettings = USUAL) {
    this.#options = options;
    this.#current = this.#build(settings);
  }

  /** From now on this chain decides, and nothing that was decided before is remembered. */
  configure(settings: AuthorizationSettings): void {
    this.#current = this.#build(settings);
  }

  /** Why what a user may do cannot be listed in full, beside what RBAC has. */
  get unlisted(): readonly string[] {
    return ["Webhook", "ABAC"].filter((type) => this.#types.has(type)).map((type) =>
      `${type === "ABAC" ? "abac" : "webhook"} authorizer does not support user rule resolution`
    );
  }

  /** Whether everybody may do everything. */
  get allowsAll(): boolean {
    return this.#types.has("AlwaysAllow");
  }

  authorize(attributes: Parameters<Authorizer["authorize"]>[0]) {
    return this.#current.authorize(attributes);
  }

  #build({ authorizers, endpoints }: AuthorizationSettings): Authorizer {
    const { first, node, rbac, clock, meter } = this.#options;
    const metered = meter === undefined ? {} : { meter };
    this.#types = new Set(authorizers.map(({ type }) => type));
    const chain = authorizers.map((one): Authorizer => {
      switch (one.type) {
        case "Node":
          return node;
        case "RBAC":
          return rbac;
        case "AlwaysAllow":
          return { authorize: () => ({ allowed: true, reason: "" }) };
        case "AlwaysDeny":
          return { authorize: () => ({ allowed: false, reason: "Everything is forbidden." }) };
        case "ABAC":
          return abacAuthorizer(one.policy, one.path);
        case "Webhook": {
          const endpoint = endpoints.get(one.webhook.kubeconfig);
          if (endpoint === undefined) throw new Error(`no endpoint of ${one.webhook.kubeconfig}`);
          return new WebhookAuthorizer({
            ...one.webhook,
            ...metered,
            name: one.name,
            endpoint,
            clock,
          });
        }
      }
    });
    return unionAuthorizer([mastersAuthorizer, ...first, ...chain]);
  }
}
