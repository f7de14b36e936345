/**
 * The Common Expression Language as Kubernetes has it: rules of custom resources, admission policies, match
 * conditions. Pure: no clock, no I/O.
 *
 * The reader, the checker and the evaluator are our own. What npm has (`@bufbuild/cel`) reads with a generated parser
 * that recurses as deep as the text says, knows no costs, and has none of Kubernetes' libraries, list types and error
 * texts, which are all but the parser.
 */
export {
  type CelField,
  type CelFields,
  type CelListType,
  type CelMapType,
  type CelObjectType,
  type CelOpaqueType,
  type CelScalarType,
  type CelType,
  CelTypes,
} from "./type.ts";
export { CelFailure, type CelValue } from "./value.ts";
export type { CelBudget } from "./frame.ts";
export type { Range as CelCost } from "./overload.ts";
export { type CelCompilation, CelProgram, type CelScope, compileCel } from "./compile.ts";
export {
  AUTHORIZER as CEL_AUTHORIZER,
  type CelAuthorizationCheck,
  type CelAuthorizationDecision,
  type CelAuthorizer,
  celAuthorizer,
  CelPending,
  celResourceAuthorizer,
  type CelResourceTarget,
  RESOURCE_CHECK as CEL_RESOURCE_CHECK,
} from "./authorizer.ts";
export { celCardinality, type CelSchema, celTypeOfSchema } from "./schema_type.ts";
export { celTypeOfBuiltin } from "./builtin_type.ts";
export {
  ADMISSION_REQUEST_TYPE as CEL_ADMISSION_REQUEST,
  mutationType as celMutationType,
  NAMESPACE_TYPE as CEL_NAMESPACE,
} from "./policy_type.ts";
export { celLazyObject } from "./lazy_object.ts";
export {
  ADMISSION_RESULTS as CEL_ADMISSION_RESULTS,
  ADMISSION_VARIABLES as CEL_ADMISSION_VARIABLES,
  policyVariables as celPolicyVariables,
  withoutAuthorizer as celWithoutAuthorizer,
} from "./admission_scope.ts";
export { celMutationObject } from "./mutation_value.ts";
export { CEL_DEVICE, celDevice } from "./device.ts";
