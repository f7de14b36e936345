import * as models from "@kubernetes/client-node";
import {
  type ListFact,
  type MessageField,
  packageOf,
  readEnums,
  readLists,
  readMessages,
  readRequired,
  readResources,
  readZeros,
} from "./facts.ts";

/** A member of a struct as the tables know it. */
export interface StructField {
  readonly name: string;
  /** Field numbers from the message down to the value: more than one where Go embeds a struct. */
  readonly numbers: readonly number[];
  /** A type expression as `schema_table.ts` reads it, struct names in full. */
  readonly type: string;
  readonly required: boolean;
  /** Its zero is a value of its own. */
  readonly zero: boolean;
  readonly list: ListFact | undefined;
  readonly enum: string | undefined;
}

export interface Struct {
  readonly name: string;
  readonly atomic: boolean;
  /** A kind of its own: it has apiVersion and kind. */
  readonly isKind: boolean;
  readonly fields: readonly StructField[];
}

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

/** One letter a scalar; the upper-case ones and `r`, `f`, `j`, `e` have an encoding of their own in protobuf. */
const SCALARS: Readonly<Record<string, string>> = {
  string: "s",
  bool: "b",
  int32: "i",
  int64: "l",
  double: "d",
  bytes: "y",
  "meta.v1.Time": "t",
  "meta.v1.MicroTime": "m",
  "meta.v1.Duration": "u",
  "meta.v1.FieldsV1": "f",
  "resource.Quantity": "q",
  "intstr.IntOrString": "x",
  "runtime.RawExtension": "r",
  "apiextensions.v1.JSON": "j",
  "apiextensions.v1.JSONSchemaPropsOrArray": "A",
  "apiextensions.v1.JSONSchemaPropsOrBool": "B",
  "apiextensions.v1.JSONSchemaPropsOrStringArray": "S",
  "authentication.v1.ExtraValue": "e",
  "authorization.v1.ExtraValue": "e",
  "certificates.v1.ExtraValue": "e",
  "meta.v1.Verbs": "e",
};

/** Structs that no resource leads to, but bodies and answers of the API do. */
const META_ROOTS = [
  "APIGroup",
  "APIGroupList",
  "APIResource",
  "APIResourceList",
  "APIVersions",
  "Condition",
  "CreateOptions",
  "DeleteOptions",
  "GetOptions",
  "LabelSelector",
  "ListMeta",
  "ListOptions",
  "PartialObjectMetadata",
  "PatchOptions",
  "Status",
  "UpdateOptions",
  "WatchEvent",
].map((name) => `meta.v1.${name}`);
const CORE_ROOTS = ["PodLogOptions"].map((name) => `core.v1.${name}`);

const modelTable = models as unknown as Readonly<
  Record<string, { attributeTypeMap?: readonly Attribute[] } | undefined>
>;

/** The client model of a struct: `V1Pod`, or `CoreV1Event` where groups share a name. */
function attributesOf(name: string): readonly Attribute[] | undefined {
  const [group = "", version = "", kind = ""] = name.split(".");
  const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const plain = upper(version) + kind;
  return (modelTable[upper(group) + plain] ?? modelTable[plain])?.attributeTypeMap;
}

/** How protobuf names a JSON member: `x-kubernetes-list-type` is `xKubernetesListType`, `$ref` is `ref`. */
function messageName(member: string): string {
  if (member.startsWith("$")) return member.slice(1);
  if (!member.startsWith("x-kubernetes-")) return member;
  const [first = "", ...rest] = member.split("-");
  return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** Some messages write a member with a capital (`Webhooks`). */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Every struct that a served resource or a body of the API leads to, by name. */
export function collectStructs(): Map<string, Struct> {
  const messages = readMessages();
  const lists = readLists();
  const required = readRequired();
  const enums = readEnums();
  const zeros = readZeros();
  const structs = new Map<string, Struct>();
  const queue = [...META_ROOTS, ...CORE_ROOTS];
  for (const { group, version, kind, bodies } of readResources()) {
    queue.push(`${packageOf(group, version)}.${kind}`);
    for (const body of bodies) queue.push(`${packageOf(body.group, body.version)}.${body.kind}`);
  }

  const typeOf = (type: string): string => {
    if (type.startsWith("[]")) return "[]" + typeOf(type.slice(2));
    if (type.startsWith("{}")) return "{}" + typeOf(type.slice(2));
    const scalar = SCALARS[type];
    if (scalar !== undefined) {
      if (/[ABS]/.test(scalar)) queue.push("apiextensions.v1.JSONSchemaProps");
      return scalar;
    }
    if (!messages.has(type)) throw new Error(`unknown type ${type}`);
    queue.push(type);
    return `#${type}`;
  };

  /** Finds a member in a message or in a struct embedded in it. */
  const find = (
    name: string,
    member: string,
    members: ReadonlySet<string>,
  ): { numbers: number[]; type: string; owner: string } | undefined => {
    const fields = messages.get(name) ?? [];
    const direct = fields.find((field) => sameName(field.name, messageName(member)));
    if (direct !== undefined) {
      return { numbers: [direct.number], type: direct.type, owner: name };
    }
    for (const field of fields) {
      if (members.has(field.name) || !messages.has(field.type)) continue;
      const inner = find(field.type, member, members);
      if (inner !== undefined) {
        return { ...inner, numbers: [field.number, ...inner.numbers] };
      }
    }
    return undefined;
  };

  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (structs.has(name)) continue;
    const attributes = attributesOf(name) ?? fromMessage(messages.get(name), name);
    const members = new Set(attributes.map(({ baseName }) => messageName(baseName)));
    const isKind = members.has("apiVersion") && members.has("kind") &&
      find(name, "apiVersion", members) === undefined;
    const fields = attributes.map(({ baseName, type }): StructField => {
      const found = find(name, baseName, members);
      if (found === undefined && type !== "string") {
        throw new Error(`${name}.${baseName} (${type}) is in no message`);
      }
      if (found === undefined && !(isKind && (baseName === "apiVersion" || baseName === "kind"))) {
        console.error(`no field number: ${name}.${baseName}`);
      }
      const path = `${name}.${baseName}`;
      return {
        name: baseName,
        numbers: found?.numbers ?? [],
        type: found === undefined ? "s" : typeOf(found.type),
        required: required.get(name)?.has(baseName) ?? false,
        zero: zeros.get(name)?.has(baseName) ?? false,
        list: lists.get(path),
        enum: enums.get(path) ?? enums.get(`${found?.owner}.${baseName}`),
      };
    });
    structs.set(name, { name, isKind, fields, atomic: lists.get(name)?.kind === "atomic" });
  }
  for (const [name, members] of zeros) {
    const known = new Set(structs.get(name)?.fields.map((field) => field.name));
    for (const member of members) if (!known.has(member)) throw new Error(`no ${name}.${member}`);
  }
  return new Map([...structs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Options have no client model: their members are those of the message, and they are kinds. */
function fromMessage(fields: readonly MessageField[] | undefined, name: string): Attribute[] {
  if (fields === undefined) throw new Error(`unknown struct ${name}`);
  const typeMeta = /Options$|PartialObjectMetadata$/.test(name) ? ["apiVersion", "kind"] : [];
  return [
    ...typeMeta.map((baseName) => ({ baseName, type: "string" })),
    ...fields.map((field) => ({ baseName: field.name, type: field.type })),
  ];
}
