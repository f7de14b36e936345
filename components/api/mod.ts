/**
 * The API's objects, as those who use the API need them: types, names, quantities, selectors, patches, quotas. No I/O,
 * no clock. What only a server of the API needs is in `served.ts`, which is ten times as large: a node and the
 * controllers do without.
 */
export * from "./object.ts";
export * from "./resource_definition.ts";
export * from "./schema.ts";
export type * from "./generated/types.ts";
export * from "./generated/resources.ts";
export * from "./resource_type.ts";
export { loadYaml, readYaml, yamlLibrary } from "./decode/yaml.ts";
export * from "./quantity.ts";
export * from "./intstr.ts";
export * from "./names.ts";
export * from "./label_selector.ts";
export * from "./field_selector.ts";
export * from "./node_selector.ts";
export * from "./toleration.ts";
export * from "./qos_class.ts";
export * from "./human_duration.ts";
export * from "./json_outline.ts";
export * from "./patch/mod.ts";
export * from "./quota/mod.ts";
