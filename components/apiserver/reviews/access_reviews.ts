import { badRequest, invalid, type StatusCause } from "../../base/mod.ts";
import type {
  KubeObject,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from "../../api/served.ts";
import { MASTERS_GROUP, nodeNameOf, type RbacAuthorizer } from "../authz/mod.ts";
import type { AuthorizationAttributes, Authorizer, UserInfo, VirtualHandler } from "../ports.ts";

import { selectorErrors, selectorsOf } from "./review_selectors.ts";

const GROUP = "authorization.k8s.io";

type ReviewRequest = Parameters<VirtualHandler["create"]>[0];

/** How far what a user may do can be listed, beside what RBAC has. */
export interface RuleListing {
  readonly unlisted?: readonly string[];
  readonly allowsAll?: boolean;
}

/** Questions that are asked of authorization as if the user asked for the thing itself. */
export function accessReviews(
  authorizer: Authorizer & RuleListing,
  rbac: RbacAuthorizer,
): VirtualHandler[] {
  const handler = (
    resource: string,
    create: (request: ReviewRequest) => KubeObject | Promise<KubeObject>,
  ): VirtualHandler => ({
    group: GROUP,
    resource,
    subresource: "",
    create: async (request) => await create(request),
  });
  return [
    handler("subjectaccessreviews", ({ object }) => {
      const review = object as SubjectAccessReview;
      validate(review, "SubjectAccessReview", subjectErrors(review.spec ?? {}));
      return answer(authorizer, review, subjectOf(review.spec ?? {}));
    }),
    handler("localsubjectaccessreviews", ({ object, namespace }) => {
      const review = object as SubjectAccessReview;
      const spec = review.spec ?? {};
      const errors = [...subjectErrors(spec), ...localErrors(spec, namespace)];
      validate(review, "LocalSubjectAccessReview", errors);
      return answer(authorizer, review, subjectOf(spec));
    }),
    handler("selfsubjectaccessreviews", ({ object, user }) => {
      const review = object as SubjectAccessReview;
      validate(review, "SelfSubjectAccessReview", []);
      return answer(authorizer, review, user);
    }),
    handler("selfsubjectrulesreviews", ({ object, user }) => {
      const review = object as SelfSubjectRulesReview;
      const namespace = review.spec?.namespace ?? "";
      if (namespace === "") throw badRequest("no namespace on request");
      return { ...review, status: rulesOf(authorizer, rbac, user, namespace) } as KubeObject;
    }),
  ];
}

async function answer(
  authorizer: Authorizer,
  review: SubjectAccessReview,
  user: UserInfo,
): Promise<KubeObject> {
  const decision = await authorizer.authorize(attributesOf(review.spec ?? {}, user));
  const status = {
    allowed: decision.allowed,
    ...(decision.denied === true ? { denied: true } : {}),
    ...(decision.reason === "" ? {} : { reason: decision.reason }),
  };
  return { ...review, status } as KubeObject;
}

const subjectOf = ({ user, uid, groups, extra }: SubjectAccessReviewSpec): UserInfo => ({
  username: user ?? "",
  ...(uid === undefined ? {} : { uid }),
  groups: groups ?? [],
  ...(extra === undefined ? {} : { extra }),
});

function attributesOf(spec: SubjectAccessReviewSpec, user: UserInfo): AuthorizationAttributes {
  const asked = spec.resourceAttributes;
  return {
    user,
    verb: asked?.verb ?? spec.nonResourceAttributes?.verb ?? "",
    isResourceRequest: asked !== undefined,
    group: asked?.group ?? "",
    version: asked?.version ?? "",
    resource: asked?.resource ?? "",
    subresource: asked?.subresource ?? "",
    namespace: asked?.namespace ?? "",
    name: asked?.name ?? "",
    path: spec.nonResourceAttributes?.path ?? "",
    ...selectorsOf(asked),
  };
}

function validate(review: SubjectAccessReview, kind: string, more: StatusCause[]): void {
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {};
  const errors: StatusCause[] = [];
  const cause = (field: string, value: string, why: string) =>
    errors.push({ reason: "FieldValueInvalid", field, message: `Invalid value: ${value}: ${why}` });
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    cause(
      "spec.nonResourceAttributes",
      JSON.stringify(nonResourceAttributes),
      "cannot be specified in combination with resourceAttributes",
    );
  } else if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    cause(
      "spec.resourceAttributes",
      "null",
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  }
  errors.push(...more, ...selectorErrors(resourceAttributes));
  if (errors.length > 0) {
    throw invalid({ group: GROUP, kind }, review.metadata?.name ?? "", errors);
  }
}

function subjectErrors({ user, groups }: SubjectAccessReviewSpec): StatusCause[] {
  if (user || groups?.length) return [];
  return [{
    reason: "FieldValueInvalid",
    field: "spec.user",
    message: 'Invalid value: "": at least one of user or group must be specified',
  }];
}

function localErrors(
  { resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec,
  namespace: string,
): StatusCause[] {
  const errors: StatusCause[] = [];
  const asked = resourceAttributes?.namespace ?? "";
  if (resourceAttributes !== undefined && asked !== namespace) {
    errors.push({
      reason: "FieldValueInvalid",
      field: "spec.resourceAttributes.namespace",
      message: `Invalid value: ${JSON.stringify(asked)}: must match metadata.namespace`,
    });
  }
  if (nonResourceAttributes !== undefined) {
    errors.push({
      reason: "FieldValueInvalid",
      field: "spec.nonResourceAttributes",
      message: `Invalid value: ${JSON.stringify(nonResourceAttributes)}: ` +
        "disallowed on this kind of request",
    });
  }
  return errors;
}

/** Everything that RBAC lets the user do there; what the node authorizer adds depends on pods and is not listed. */
function rulesOf(
  { unlisted = [], allowsAll = false }: RuleListing,
  rbac: RbacAuthorizer,
  user: UserInfo,
  namespace: string,
) {
  const { rules, errors } = rbac.rulesFor(user, namespace);
  const all = allowsAll || user.groups.includes(MASTERS_GROUP)
    ? [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
      ...rules,
    ]
    : rules;
  const problems = [...errors, ...unlisted];
  if (nodeNameOf(user) !== undefined) {
    problems.push("node authorizer does not support user rule resolution");
  }
  return {
    resourceRules: all.filter((rule) => rule.resources?.length)
      .map(({ verbs = [], apiGroups = [], resources = [], resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames?.length ? { resourceNames } : {}),
      })),
    nonResourceRules: all.filter((rule) => rule.nonResourceURLs?.length)
      .map(({ verbs = [], nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
    incomplete: problems.length > 0,
    ...(problems.length === 0 ? {} : { evaluationError: problems.join(", ") }),
  };
}
