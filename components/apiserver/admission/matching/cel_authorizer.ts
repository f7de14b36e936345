import type {
  CelAuthorizationCheck,
  CelAuthorizationDecision,
  CelAuthorizer,
} from "../../../api/served.ts";
import type {
  AuthorizationAttributes,
  AuthorizationDecision,
  Authorizer,
  UserInfo,
} from "../../ports.ts";
import { pathQuestion, resourceQuestion } from "../../questions.ts";
import { readFieldSelector, readLabelSelector } from "../../selector_attributes.ts";

/** Answers the checks of one request's expressions; those that must wait are asked for by `settle`. */
export class RequestAuthorizer implements CelAuthorizer {
  readonly #authorizer: Authorizer;
  readonly #user: UserInfo;
  readonly #known = new Map<string, CelAuthorizationDecision>();
  readonly #pending = new Map<string, Promise<AuthorizationDecision>>();

  constructor(authorizer: Authorizer, user: UserInfo) {
    this.#authorizer = authorizer;
    this.#user = user;
  }

  decide(check: CelAuthorizationCheck): CelAuthorizationDecision | undefined {
    const key = JSON.stringify(check);
    const known = this.#known.get(key);
    if (known !== undefined || this.#pending.has(key)) return known;
    const decision = this.#authorizer.authorize(attributesOf(check, this.#user));
    if (decision instanceof Promise) {
      this.#pending.set(key, decision);
      return undefined;
    }
    const kept = { allowed: decision.allowed, reason: decision.reason, error: "" };
    this.#known.set(key, kept);
    return kept;
  }

  /** Waits for a decision that was missing. */
  async settle(check: CelAuthorizationCheck): Promise<void> {
    const key = JSON.stringify(check);
    let kept: CelAuthorizationDecision;
    try {
      const decision = await this.#pending.get(key);
      kept = {
        allowed: decision?.allowed === true,
        reason: decision?.reason ?? "",
        error: "",
      };
    } catch (error) {
      kept = { allowed: false, reason: "", error: String(error) };
    }
    this.#known.set(key, kept);
  }
}

function attributesOf(
  { serviceAccount, verb, target }: CelAuthorizationCheck,
  requester: UserInfo,
): AuthorizationAttributes {
  const user = serviceAccount === undefined ? requester : {
    username: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
    groups: [
      "system:serviceaccounts",
      `system:serviceaccounts:${serviceAccount.namespace}`,
      "system:authenticated",
    ],
  };
  if ("path" in target) return pathQuestion(user, verb, target.path);
  const { group, resource, subresource, namespace, name } = target;
  const fieldSelector = readFieldSelector(target.fieldSelector);
  const labelSelector = readLabelSelector(target.labelSelector);
  return resourceQuestion(user, verb, {
    group,
    version: "*",
    resource,
    subresource,
    namespace,
    name,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  });
}
