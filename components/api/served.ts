/**
 * The API's kinds with every pure rule about them, as a server of the API needs them: the room's second door. Others
 * load it late, when they come to need it.
 */
export * from "./mod.ts";
export * from "./kinds.ts";
export * from "./schema/mod.ts";
export * from "./decode/mod.ts";
export * from "./strategy/mod.ts";
export * from "./tables/mod.ts";
export * from "./protobuf/mod.ts";
export * from "./discovery/mod.ts";
export * from "./apply/mod.ts";
export { Descriptions, loadDescriptions, NO_DESCRIPTIONS } from "./descriptions/mod.ts";
export * from "./openapi/mod.ts";
export * from "./validation/mod.ts";
export * from "./regex/mod.ts";
export * from "./cel/mod.ts";
export * from "./structural/mod.ts";
