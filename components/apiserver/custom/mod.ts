/** CustomResourceDefinitions at work: what they define is served while they are there. */
export { DefinitionService } from "./definition_service.ts";
export { customResourceTermination } from "./termination.ts";
