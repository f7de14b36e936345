import { cloneJson, type JsonValue } from "../../base/mod.ts";
import type { JSONSchemaProps, ValidationRule } from "../generated/types.ts";

/** A schema as a definition holds it. */
export type JsonSchema = JSONSchemaProps;

/** What lies below a node, so that walks pass by what they have nothing to do with. */
export interface Below {
  readonly defaults: boolean;
  /** Lists whose items are unique, by themselves or by keys. */
  readonly uniqueLists: boolean;
  readonly embedded: boolean;
  readonly rules: boolean;
}

/**
 * The structural part of one schema: where values may stand and what they are; not which values they may be. Made once
 * a definition; every walk over an object follows it.
 */
export interface SchemaNode {
  /** Empty where the schema says none. */
  readonly type: string;
  readonly nullable: boolean;
  readonly preservesUnknown: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Absent where the schema says nothing of other members; its node is absent where it only allows or forbids them. */
  readonly additional: { readonly node: SchemaNode | undefined } | undefined;
  readonly items: SchemaNode | undefined;
  /** Undefined for none, and for null, which is none. */
  readonly default: JsonValue | undefined;
  readonly listType: string | undefined;
  readonly listKeys: readonly string[];
  /** One value to whoever compares or owns it. */
  readonly atomicMap: boolean;
  readonly rules: readonly ValidationRule[];
  readonly below: Below;
  /** Properties that have a default, with it. */
  readonly defaulted: readonly (readonly [name: string, value: JsonValue])[];
}

const NO_PROPERTIES: ReadonlyMap<string, SchemaNode> = new Map();
const NONE: readonly never[] = [];

/** Reads the structural part of a schema. The schema is one that was checked; of others it reads what it can. */
export function readNode(schema: JsonSchema): SchemaNode {
  const properties = readProperties(schema.properties);
  const additional = readAdditional(schema.additionalProperties);
  const items = isSchema(schema.items) ? readNode(schema.items) : undefined;
  const children = [
    ...properties.values(),
    ...(additional?.node === undefined ? [] : [additional.node]),
    ...(items === undefined ? [] : [items]),
  ];
  const defaulted: [string, JsonValue][] = [];
  for (const [name, node] of properties) {
    if (node.default !== undefined) defaulted.push([name, node.default]);
  }
  const rules = schema["x-kubernetes-validations"] ?? NONE;
  const listType = schema["x-kubernetes-list-type"];
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  return {
    type: schema.type ?? "",
    nullable: schema.nullable === true,
    preservesUnknown: schema["x-kubernetes-preserve-unknown-fields"] === true,
    embedded,
    intOrString: schema["x-kubernetes-int-or-string"] === true,
    properties,
    additional,
    items,
    default: schema.default === undefined || schema.default === null
      ? undefined
      : cloneJson(schema.default as JsonValue),
    listType,
    listKeys: schema["x-kubernetes-list-map-keys"] ?? NONE,
    atomicMap: schema["x-kubernetes-map-type"] === "atomic",
    rules,
    defaulted,
    below: {
      defaults: defaulted.length > 0 ||
        children.some((child) => child.default !== undefined || child.below.defaults),
      uniqueLists: listType === "set" || listType === "map" ||
        children.some(({ below }) => below.uniqueLists),
      embedded: embedded || children.some(({ below }) => below.embedded),
      rules: rules.length > 0 || children.some(({ below }) => below.rules),
    },
  };
}

function readProperties(properties: JsonSchema["properties"]): ReadonlyMap<string, SchemaNode> {
  if (properties === undefined) return NO_PROPERTIES;
  const nodes = new Map<string, SchemaNode>();
  for (const name of Object.keys(properties)) {
    const schema = properties[name];
    if (isSchema(schema)) nodes.set(name, readNode(schema));
  }
  return nodes;
}

function readAdditional(
  additional: JsonSchema["additionalProperties"],
): SchemaNode["additional"] {
  if (additional === undefined || additional === null) return undefined;
  return { node: isSchema(additional) ? readNode(additional) : undefined };
}

/** True for a schema that is an object: not a list of schemas, not a boolean. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The node that a member's value follows. */
export function memberNode(node: SchemaNode, name: string): SchemaNode | undefined {
  return node.properties.get(name) ?? node.additional?.node;
}
