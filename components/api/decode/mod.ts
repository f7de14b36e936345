import { ApiError, badRequest, isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { DeleteOptions } from "../generated/types.ts";
import { builtinKind } from "../kinds.ts";
import { splitGroupVersion } from "../kinds/resource_table.ts";
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import { readMessage } from "../protobuf/decode.ts";
import { readEnvelope } from "../protobuf/envelope.ts";
import type { CustomResource } from "../resource_definition.ts";
import type { StructSchema } from "../schema.ts";
import { findSchema, schemaOf } from "../schema/mod.ts";
import { membersOf } from "./nesting.ts";
import {
  type MediaType,
  mediaTypeOf,
  type ParsedText,
  parseText,
  SyntaxFailure,
  unrecognized,
  unsupportedMediaType,
} from "./body.ts";
import { Fitting, MetadataMismatch, TypeMismatch } from "./typed.ts";

export { MEDIA_TYPES, mediaTypeOf } from "./body.ts";
export { nestsTooDeep } from "./nesting.ts";
export { loadYaml, readYaml, yamlLibrary } from "./yaml.ts";

/** What a request says of unknown and repeated members (`fieldValidation`). */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** What a body is read as: a `ResourceDefinition`, or the body of a subresource. */
export interface DecodeTarget extends GroupVersionKind {
  readonly schema: StructSchema;
  /** Takes any apiVersion: clients name the options' version as they like. */
  readonly anyVersion?: boolean;
  /** A custom resource reads its objects itself. */
  readonly custom?: Pick<CustomResource, "coerce">;
}

export interface Decoded<T extends KubeObject = KubeObject> {
  readonly object: T;
  /** Texts for the `Warning` header. */
  readonly warnings: string[];
}

/**
 * Reads a body as an object of the target's kind: unknown members are dropped, values stand in their one form,
 * apiVersion and kind are set. No defaults are filled in. Throws `ApiError`: 415 for a media type the API does not
 * read, 400 for all else that is wrong.
 */
export function decodeObject<T extends KubeObject = KubeObject>(
  bytes: Uint8Array,
  contentType: string | null | undefined,
  target: DecodeTarget,
  options: { readonly fieldValidation: FieldValidation },
): Decoded<T> {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === "application/vnd.kubernetes.protobuf") {
    return { object: decodeProtobuf(bytes, target) as unknown as T, warnings: [] };
  }
  const text = parse(bytes, mediaType, target);
  if (!isJsonObject(text.value)) throw notAnObject(text, target, bytes);
  return fit<T>(text.value, text, target, options.fieldValidation, bytes);
}

/**
 * The same for an object that is parsed already (the outcome of a patch): it is changed in place. There is no text
 * left, so repeated members are not looked for.
 */
export function fitObject<T extends KubeObject = KubeObject>(
  object: JsonObject,
  target: DecodeTarget,
  options: { readonly fieldValidation: FieldValidation },
): Decoded<T> {
  return fit<T>(object, undefined, target, options.fieldValidation, new Uint8Array());
}

function decodeProtobuf(bytes: Uint8Array, target: DecodeTarget): JsonObject {
  if (!isBuiltin(target)) throw unsupportedMediaType(["application/json", "application/yaml"]);
  try {
    const { apiVersion, kind, raw } = readEnvelope(bytes);
    checkKind({ apiVersion, kind }, target, true, bytes);
    const object = readMessage(raw, target.schema.name);
    object["apiVersion"] = apiVersionOf(target);
    object["kind"] = target.kind;
    return object;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // Whatever the wire reader stumbles over is the sender's doing.
    throw unrecognized(target.kind, (error as Error).message, bytes);
  }
}

function isBuiltin(target: DecodeTarget): boolean {
  return findSchema(target.schema.name) === target.schema;
}

function parse(bytes: Uint8Array, mediaType: MediaType, target: GroupVersionKind): ParsedText {
  try {
    return parseText(bytes, mediaType);
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    throw unrecognized(target.kind, `couldn't get version/kind; ${error.message}`, bytes);
  }
}

function fit<T extends KubeObject>(
  object: JsonObject,
  text: ParsedText | undefined,
  target: DecodeTarget,
  validation: FieldValidation,
  bytes: Uint8Array,
): Decoded<T> {
  const builtin = isBuiltin(target);
  checkKind(object, target, builtin, bytes);
  if (target.custom !== undefined) return fitCustom<T>(object, text, target, validation);
  const fitting = new Fitting(!builtin);
  try {
    fitting.root(object, target.schema);
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    throw cannotHandle(target, target, error.message);
  }
  object["apiVersion"] = apiVersionOf(target);
  object["kind"] = target.kind;
  const decoded = { object: object as unknown as T };
  if (validation === "Ignore") return { ...decoded, warnings: [] };
  const complaints = [
    ...fitting.unknown.map((path) => `unknown field "${path}"`),
    ...text?.duplicates(fitting.members) ?? [],
  ];
  if (complaints.length > 0 && validation === "Strict") {
    throw cannotHandle(target, target, `strict decoding error: ${complaints.join(", ")}`);
  }
  return { ...decoded, warnings: complaints };
}

/** Custom resources: what the text gives twice is told before what the schema does not know. */
function fitCustom<T extends KubeObject>(
  object: JsonObject,
  text: ParsedText | undefined,
  target: DecodeTarget,
  validation: FieldValidation,
): Decoded<T> {
  const complaints: string[] = [];
  const members = membersOf(object);
  if (members === undefined) throw cannotHandle(target, target, "exceeded max depth");
  if (validation !== "Ignore" && text !== undefined) {
    complaints.push(...text.duplicates(members));
  }
  const unknown: string[] = [];
  try {
    target.custom?.coerce(object, validation === "Ignore" ? undefined : unknown);
  } catch (error) {
    if (!(error instanceof MetadataMismatch)) throw error;
    throw cannotHandle(target, target, error.message);
  }
  object["apiVersion"] = apiVersionOf(target);
  object["kind"] = target.kind;
  complaints.push(...unknown.map((path) => `unknown field "${path}"`));
  if (complaints.length > 0 && validation === "Strict") {
    throw cannotHandle(target, target, `strict decoding error: ${complaints.join(", ")}`);
  }
  return { object: object as unknown as T, warnings: complaints };
}

/** Refuses an apiVersion or kind that is not the target's; a built-in kind may leave them out. */
function checkKind(
  object: JsonObject,
  target: DecodeTarget,
  builtin: boolean,
  bytes: Uint8Array,
): void {
  const { apiVersion, kind } = object;
  for (const [name, value] of [["apiVersion", apiVersion], ["kind", kind]] as const) {
    if (value === undefined || value === null || typeof value === "string") continue;
    throw unrecognized(
      target.kind,
      "couldn't get version/kind; json parse error: json: cannot unmarshal " +
        `${typeof value === "number" ? "number" : Array.isArray(value) ? "array" : typeof value} ` +
        `into Go struct field .${name} of type string`,
      bytes,
    );
  }
  const givenVersion = typeof apiVersion === "string" ? apiVersion : "";
  const givenKind = typeof kind === "string" ? kind : "";
  if (!builtin && givenKind === "") {
    throw unrecognized(target.kind, "Object 'Kind' is missing in the object", bytes);
  }
  if (target.anyVersion === true && (givenKind === "" || givenKind === target.kind)) return;
  const expected = apiVersionOf(target);
  if ((givenVersion === "" || givenVersion === expected) && givenKind === target.kind) return;
  if (builtin && givenKind === "" && (givenVersion === "" || givenVersion === expected)) return;
  const { group, version } = givenVersion === "" ? target : splitGroupVersion(givenVersion);
  const given = { group, version, kind: givenKind === "" ? target.kind : givenKind };
  if (builtin && builtinKind(given) === undefined) {
    throw cannotHandle(
      given,
      target,
      `no kind "${given.kind}" is registered for version "${apiVersionOf(given)}" in scheme ` +
        `"pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  if (apiVersionOf(given) !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersionOf(given)}) does not match the expected API ` +
        `version (${expected})`,
    );
  }
  throw cannotHandle(
    given,
    target,
    `converting (${given.version}.${given.kind}) to (${target.version}.${target.kind}): ` +
      "unknown conversion",
  );
}

function cannotHandle(given: GroupVersionKind, target: GroupVersionKind, why: string): ApiError {
  return badRequest(
    `${given.kind} in version "${given.version}" cannot be handled as a ${target.kind}: ${why}`,
  );
}

function notAnObject(text: ParsedText, target: GroupVersionKind, bytes: Uint8Array): ApiError {
  const { value } = text;
  if (value === null) {
    return unrecognized(target.kind, "Object 'Kind' is missing in 'null'", bytes);
  }
  const word = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return unrecognized(
    target.kind,
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${word} into Go value ` +
      'of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; ' +
      'Kind string "json:\\"kind,omitempty\\"" }',
    bytes,
  );
}

/** Reads the options of a DELETE; no body means none. */
export function decodeDeleteOptions(
  bytes: Uint8Array,
  contentType: string | null | undefined,
): DeleteOptions {
  if (bytes.length === 0) return {};
  const target = {
    group: "",
    version: "v1",
    kind: "DeleteOptions",
    schema: schemaOf("meta.v1.DeleteOptions"),
    anyVersion: true,
  };
  return decodeObject(bytes, contentType, target, { fieldValidation: "Ignore" })
    .object as DeleteOptions;
}

function apiVersionOf({ group, version }: GroupVersionKind): string {
  return group === "" ? version : `${group}/${version}`;
}
