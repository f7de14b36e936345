import type { JsonObject } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import { readMessage } from "./decode.ts";
import { writeMessage } from "./encode.ts";
import { readEnvelope, writeEnvelope } from "./envelope.ts";
import { writeWatchEvent } from "./lists.ts";
import { structFor } from "./struct_for.ts";
import { transcodeJson } from "./transcode.ts";

export { hasMagic, ProtobufError } from "./envelope.ts";
export { writeWatchEvent };
export { ProtobufListWriter } from "./lists.ts";

/** True for kinds that can be written as protobuf: the built-in ones, and `meta.k8s.io/v1` and `v1` Status and such. */
export function hasProtobuf(kind: GroupVersionKind): boolean {
  return structFor(kind) !== undefined;
}

/** A whole body: the magic bytes, the envelope, the message. Undefined for kinds without protobuf. */
export function encodeProtobuf(
  object: KubeObject,
  kind: GroupVersionKind,
): Uint8Array | undefined {
  const message = encodeProtobufItem(object, kind);
  return message && protobufBody(message, kind);
}

/** A whole body of an object's message. */
export function protobufBody(message: Uint8Array, kind: GroupVersionKind): Uint8Array {
  return writeEnvelope({
    apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    raw: message,
  });
}

/** The bare message of an object, to stand in a list. */
export function encodeProtobufItem(
  object: KubeObject,
  kind: GroupVersionKind,
): Uint8Array | undefined {
  const struct = structFor(kind);
  return struct === undefined ? undefined : writeMessage(object as unknown as JsonObject, struct);
}

/** The same of the JSON of an object. Throws SyntaxError for what is none. */
export function transcodeProtobufItem(
  json: Uint8Array,
  kind: GroupVersionKind,
): Uint8Array | undefined {
  const struct = structFor(kind);
  return struct === undefined ? undefined : transcodeJson(json, struct);
}

/** A whole body of any kind that has protobuf, as JSON; undefined for one that has none. Throws for no such body. */
export function decodeAnyProtobuf(bytes: Uint8Array): JsonObject | undefined {
  const { apiVersion, kind, raw } = readEnvelope(bytes);
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const struct = structFor({ group, version, kind });
  return struct === undefined ? undefined : { kind, apiVersion, ...readMessage(raw, struct) };
}
