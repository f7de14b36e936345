/** The API's objects: kinds, schemas and every pure rule about them. No I/O, no clock. */
export * from "./object.ts";
export * from "./resource_definition.ts";
export * from "./schema.ts";
export type * from "./generated/types.ts";
export * from "./generated/resources.ts";
export * from "./resource_type.ts";
export * from "./kinds.ts";
export * from "./schema/mod.ts";
export * from "./decode/mod.ts";
export * from "./quantity.ts";
export * from "./intstr.ts";
export * from "./names.ts";
export * from "./label_selector.ts";
export * from "./field_selector.ts";
export * from "./human_duration.ts";
export * from "./strategy/mod.ts";
export * from "./tables/mod.ts";
export * from "./patch/mod.ts";
