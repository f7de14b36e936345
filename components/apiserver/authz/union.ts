import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from "../ports.ts";

/** Asks one after the other: the first that allows or denies decides; else the reasons are joined by lines. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  const decide = (
    attributes: AuthorizationAttributes,
    from: number,
    reasons: readonly string[],
  ): AuthorizationDecision | Promise<AuthorizationDecision> => {
    const collected = [...reasons];
    for (let i = from; i < authorizers.length; i++) {
      const decision = authorizers[i]?.authorize(attributes);
      if (decision === undefined) continue;
      // A promise is only awaited where there is one: the usual chain answers at once.
      if (decision instanceof Promise) {
        return decision.then((settled) =>
          isFinal(settled) ? settled : decide(attributes, i + 1, append(collected, settled))
        );
      }
      if (isFinal(decision)) return decision;
      if (decision.reason !== "") collected.push(decision.reason);
    }
    return { allowed: false, reason: collected.join("\n") };
  };
  return { authorize: (attributes) => decide(attributes, 0, []) };
}

const isFinal = (decision: AuthorizationDecision): boolean =>
  decision.allowed || decision.denied === true;

const append = (reasons: readonly string[], { reason }: AuthorizationDecision): string[] =>
  reason === "" ? [...reasons] : [...reasons, reason];

/** Members of this group may do everything; no binding can take that away. */
export const MASTERS_GROUP = "system:masters";

export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes(MASTERS_GROUP), reason: "" }),
};
