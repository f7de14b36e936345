import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { fitMetadata, MetadataMismatch } from "../decode/typed.ts";
import { dns1035LabelProblems } from "../names.ts";
import type { KubeObject } from "../object.ts";
import { Errors } from "../validation/errors.ts";
import { validateMetadata } from "../validation/metadata.ts";
import { memberNode, type SchemaNode } from "./node.ts";
import { goJson } from "./go_text.ts";
import type { ValueErrors } from "./value_errors.ts";

/**
 * Reads the metadata of embedded objects as metadata, in place: unknown members go, and their paths to `unknown`.
 * Throws `MetadataMismatch`.
 */
export function coerceEmbedded(
  value: JsonValue,
  node: SchemaNode | undefined,
  unknown?: string[],
): void {
  if (node?.below.embedded === true) coerce(value, node, "", unknown);
}

function coerce(
  value: JsonValue | undefined,
  node: SchemaNode,
  path: string,
  unknown: string[] | undefined,
): void {
  if (typeof value !== "object" || value === null || !node.below.embedded) return;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    for (const [i, item] of value.entries()) coerce(item, items, `${path}[${i}]`, unknown);
    return;
  }
  if (node.embedded) coerceObject(value, path, unknown);
  for (const name in value) {
    const below = memberNode(node, name);
    if (below !== undefined) coerce(value[name], below, join(path, name), unknown);
  }
}

function coerceObject(value: JsonObject, path: string, unknown: string[] | undefined): void {
  for (const name of ["apiVersion", "kind"]) {
    const member = value[name];
    if (member === undefined || typeof member === "string") continue;
    throw new MetadataMismatch(
      `${join(path, name)}: Invalid value: ${goJson(member)}: must be a string`,
    );
  }
  const { metadata } = value;
  if (metadata === undefined) return;
  const fitted = fitMetadata(metadata);
  const at = join(path, "metadata");
  if (fitted.error !== undefined) {
    throw new MetadataMismatch(`${at}: Invalid value: ${goJson(metadata)}: ${fitted.error}`);
  }
  for (const name of fitted.unknown) unknown?.push(`${at}.${name}`);
  if (metadata === null) value["metadata"] = {};
}

/** What embedded objects break: each has a type, and metadata that is good. */
export function checkEmbedded(
  value: JsonValue | undefined,
  node: SchemaNode,
  path: string,
  errors: ValueErrors,
): void {
  if (typeof value !== "object" || value === null || !node.below.embedded) return;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    for (const [i, item] of value.entries()) checkEmbedded(item, items, `${path}[${i}]`, errors);
    return;
  }
  if (node.embedded) checkObject(value, path, errors);
  for (const name in value) {
    const property = node.properties.get(name);
    const below = property ?? node.additional?.node;
    if (below === undefined) continue;
    checkEmbedded(
      value[name],
      below,
      property === undefined ? `${path}[${name}]` : join(path, name),
      errors,
    );
  }
}

function checkObject(value: JsonObject, path: string, errors: ValueErrors): void {
  const { apiVersion, kind, metadata } = value;
  const [versionAt, kindAt] = [join(path, "apiVersion"), join(path, "kind")];
  if (apiVersion === undefined) errors.required(versionAt);
  if (kind === undefined) errors.required(kindAt);
  if (apiVersion !== undefined) {
    if (typeof apiVersion !== "string") errors.invalid(versionAt, apiVersion, "must be a string");
    else if (apiVersion === "") errors.invalid(versionAt, "", "must not be empty");
    else if (apiVersion.split("/").length > 2) {
      errors.invalid(versionAt, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    }
  }
  if (kind !== undefined) {
    if (typeof kind !== "string") errors.invalid(kindAt, kind, "must be a string");
    else if (kind === "") errors.invalid(kindAt, "", "must not be empty");
    else {
      const problems = dns1035LabelProblems(kind.toLowerCase());
      if (problems.length > 0) {
        const text = `may have mixed case, but should otherwise match: ${problems.join(",")}`;
        errors.invalid(kindAt, kind, text);
      }
    }
  }
  if (isJsonObject(metadata)) checkMetadata(metadata, join(path, "metadata"), errors);
}

function checkMetadata(metadata: JsonObject, path: string, errors: ValueErrors): void {
  const object = { metadata: { ...metadata, name: metadata["name"] || "fakename" } } as KubeObject;
  const found = new Errors();
  const namespaced = (object.metadata?.namespace ?? "") !== "";
  validateMetadata(object, namespaced, pathSegmentProblems, found);
  for (const error of found.list) {
    errors.list.push({ ...error, field: error.field.replace(/^metadata/, () => path) });
  }
}

/** A name that may stand in a path. */
function pathSegmentProblems(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((char) => name.includes(char)).map((char) =>
    `may not contain '${char}'`
  );
}

const join = (path: string, name: string): string => path === "" ? name : `${path}.${name}`;
