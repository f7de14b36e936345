import { badRequest, hasReason } from "../../base/mod.ts";
import type { KubeObject, SelfSubjectReview, TokenReview } from "../../api/served.ts";
import { type TokenAuthenticator, withAuthenticatedGroup } from "../authn/mod.ts";
import type { UserInfo, VirtualHandler } from "../ports.ts";

const GROUP = "authentication.k8s.io";

/** "Whose token is this?" and "who am I?" */
export function authenticationReviews(
  tokens: TokenAuthenticator,
  apiAudiences: readonly string[],
): VirtualHandler[] {
  return [
    {
      group: GROUP,
      resource: "tokenreviews",
      subresource: "",
      async create({ object }): Promise<KubeObject> {
        const review = object as TokenReview;
        const { token = "", audiences } = review.spec ?? {};
        if (token === "") throw badRequest("token is required for TokenReview in authentication");
        const wanted = audiences?.length ? audiences : apiAudiences;
        const status = await statusOf(tokens, token, wanted);
        return { ...review, status } as KubeObject;
      },
    },
    {
      group: GROUP,
      resource: "selfsubjectreviews",
      subresource: "",
      create: ({ object, user }) => {
        const review = object as SelfSubjectReview;
        return Promise.resolve({ ...review, status: { userInfo: shown(user) } } as KubeObject);
      },
    },
  ];
}

async function statusOf(
  tokens: TokenAuthenticator,
  token: string,
  audiences: readonly string[],
): Promise<NonNullable<TokenReview["status"]>> {
  try {
    const answer = await tokens.authenticateToken(token, audiences);
    if (answer === undefined) return { user: {}, error: "invalid bearer token" };
    return {
      authenticated: true,
      user: shown(withAuthenticatedGroup(answer.user)),
      audiences: [...answer.audiences],
    };
  } catch (error) {
    if (!hasReason(error, "Unauthorized")) throw error;
    return { user: {}, error: error.message };
  }
}

/** A user as reviews show it. */
function shown({ username, uid, groups, extra }: UserInfo) {
  return {
    username,
    ...(uid === undefined || uid === "" ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined ? {} : {
      extra: Object.fromEntries(Object.entries(extra).map(([key, list]) => [key, [...list]])),
    }),
  };
}
