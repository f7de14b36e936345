import { ApiError, badRequest, type JsonValue } from "../../base/mod.ts";
import { countMembers, scanJson } from "./json_scan.ts";
import { readYaml } from "./yaml.ts";

export const MEDIA_TYPES = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
] as const;
export type MediaType = typeof MEDIA_TYPES[number];

/** The media type of a body; throws 415 for one the API does not read. No content type means JSON. */
export function mediaTypeOf(contentType: string | null | undefined): MediaType {
  const bare = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (bare === "") return "application/json";
  const found = MEDIA_TYPES.find((type) => type === bare);
  if (found !== undefined) return found;
  throw unsupportedMediaType(MEDIA_TYPES);
}

/** 415: a body in a format that is not among `accepted`. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    415,
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: " +
      accepted.join(", "),
  );
}

/** A parsed text, with what a strict reading may still want to know. */
export interface ParsedText {
  readonly value: JsonValue;
  /** Complaints about repeated members, given the number of members in `value`. */
  duplicates(members: number): string[];
}

/** Bytes that are neither JSON nor YAML; `message` says where, in Go's words. */
export class SyntaxFailure extends Error {}

const decoder = new TextDecoder();

/** Parses JSON or YAML; throws `SyntaxFailure`. */
export function parseText(bytes: Uint8Array, mediaType: MediaType): ParsedText {
  const text = decoder.decode(bytes);
  // Clients send JSON under YAML's name, and every JSON text is YAML.
  if (mediaType === "application/yaml" && !text.trimStart().startsWith("{")) return yaml(text);
  try {
    const value = JSON.parse(text) as JsonValue;
    return {
      value,
      duplicates: (members) =>
        countMembers(text) === members
          ? []
          : scanJson(text).duplicates.map((path) => `duplicate field "${path}"`),
    };
  } catch {
    if (mediaType === "application/yaml") return yaml(text);
    throw new SyntaxFailure(`json parse error: ${scanJson(text).error ?? "invalid JSON"}`);
  }
}

function yaml(text: string): ParsedText {
  const { value, error, duplicates } = readYaml(text);
  if (error !== undefined) throw new SyntaxFailure(`error converting YAML to JSON: ${error}`);
  return { value, duplicates: () => [...duplicates] };
}

/** Bytes that a summary shows. */
const SUMMARY_BYTES = 30;

/** The 400 for a body that is no object of any kind. */
export function unrecognized(kind: string, why: string, bytes: Uint8Array): ApiError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(bytes)})`,
  );
}

function summary(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const head = bytes.subarray(0, SUMMARY_BYTES);
  const text = bytes[0] === 0x7b
    ? decoder.decode(head)
    : [...head].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > SUMMARY_BYTES ? `${text} ...` : text;
}
