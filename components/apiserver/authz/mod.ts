/** Who may do what: RBAC, nodes, and the words of a refusal. */
export { AuthorizationChain, type AuthorizationSettings, type ChainOptions } from "./chain.ts";
export {
  authorizationModes,
  type AuthorizerConfiguration,
  readAuthorizationConfiguration,
  type WebhookConfiguration,
} from "./configuration.ts";
export { missingRules } from "./covers.ts";
export { RbacEscalation } from "./escalation.ts";
export { forbiddenError } from "./forbidden_message.ts";
export { NodeAuthorizer, nodeNameOf, NODES_GROUP } from "./node.ts";
export { allContainers, isMirrorPod, podReferences } from "./pod_references.ts";
export { RbacAuthorizer, type RulesOfUser } from "./rbac.ts";
export { RBAC_GROUP } from "./role_index.ts";
export type { WebhookAuthorizerMeter } from "./webhook.ts";
export { MASTERS_GROUP, mastersAuthorizer, unionAuthorizer } from "./union.ts";
