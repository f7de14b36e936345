import type { JsonObject } from "../../base/mod.ts";
import { type LabelRequirement, parseLabelSelector } from "../../api/served.ts";
import type { AuthorizationAttributes, FieldRequirement } from "../ports.ts";

/** A question to authorization as the `spec` of a SubjectAccessReview v1. Pure. */
export function reviewSpec(attributes: AuthorizationAttributes): JsonObject {
  const { user, verb, path } = attributes;
  const { username, uid, groups, extra } = user;
  return {
    ...(attributes.isResourceRequest
      ? { resourceAttributes: resourceAttributes(attributes) }
      : { nonResourceAttributes: { path, verb } }),
    ...(username === "" ? {} : { user: username }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(uid === undefined || uid === "" ? {} : { uid }),
    ...(extra === undefined ? {} : {
      extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
    }),
  };
}

function resourceAttributes(attributes: AuthorizationAttributes): JsonObject {
  const { namespace, verb, group, version, resource, subresource, name } = attributes;
  const { fieldSelector, labelSelector } = attributes;
  const texts = { namespace, verb, group, version, resource, subresource, name };
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "")),
    ...(fieldSelector === undefined
      ? {}
      : { fieldSelector: { requirements: fieldSelector.map(fieldRequirement) } }),
    ...(labelSelector === undefined ? {} : {
      labelSelector: {
        requirements: parseLabelSelector(labelSelector).requirements.flatMap(labelRequirement),
      },
    }),
  };
}

const fieldRequirement = ({ field, operator, value }: FieldRequirement): JsonObject => ({
  key: field,
  operator: operator === "=" ? "In" : "NotIn",
  values: [value],
});

/** What a LabelSelector cannot say is left out: the question is then about more. */
function labelRequirement({ key, operator, values }: LabelRequirement): JsonObject[] {
  switch (operator) {
    case "=":
    case "in":
      return [{ key, operator: "In", values: [...values] }];
    case "!=":
    case "notin":
      return [{ key, operator: "NotIn", values: [...values] }];
    case "exists":
      return [{ key, operator: "Exists" }];
    case "!":
      return [{ key, operator: "DoesNotExist" }];
    default:
      return [];
  }
}
