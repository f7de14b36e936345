import { AUTHORIZER, RESOURCE_CHECK } from "./authorizer.ts";
import { ADMISSION_REQUEST_TYPE, mutationType, NAMESPACE_TYPE } from "./policy_type.ts";
import { BOOL, type CelType, DYN, listOf, NULL, STRING } from "./type.ts";

type Variables = Readonly<Record<string, CelType>>;

/** Variables of match conditions, validations and mutations. */
export const ADMISSION_VARIABLES: Variables = {
  object: DYN,
  oldObject: DYN,
  request: ADMISSION_REQUEST_TYPE,
  namespaceObject: NAMESPACE_TYPE,
  authorizer: AUTHORIZER,
  "authorizer.requestResource": RESOURCE_CHECK,
};

/** The same with `params`, where a policy has a kind of them. */
export function policyVariables(hasParams: boolean): Variables {
  return hasParams ? { ...ADMISSION_VARIABLES, params: DYN } : ADMISSION_VARIABLES;
}

/** Messages and audit annotations may not ask who may do what. */
export function withoutAuthorizer(variables: Variables): Variables {
  const { authorizer: _authorizer, "authorizer.requestResource": _resource, ...rest } = variables;
  return rest;
}

/** What expressions of admission must give, by what they are for. */
export const ADMISSION_RESULTS: Readonly<
  Record<
    "condition" | "message" | "annotation" | "ApplyConfiguration" | "JSONPatch",
    readonly CelType[]
  >
> = {
  condition: [BOOL],
  message: [STRING],
  annotation: [STRING, NULL],
  ApplyConfiguration: [mutationType("Object") ?? DYN],
  JSONPatch: [listOf(mutationType("JSONPatch") ?? DYN)],
};
