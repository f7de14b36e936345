import { ApiError, type JsonValue, type Status } from "../../base/mod.ts";
import { encodeProtobuf, type KubeObject, yamlLibrary } from "../../api/served.ts";
import { packed, packedStream, STREAMED_MINIMUM_BYTES } from "./gzip.ts";
import {
  JSON_TYPE,
  type MediaType,
  negotiate,
  type Negotiated,
  PLAIN,
  PROTOBUF_TYPE,
  YAML_TYPE,
} from "./negotiate.ts";
import { PieceBody } from "./piece_body.ts";
import { keepSize } from "./response_size.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const STATUS_KIND = { group: "", version: "v1", kind: "Status" };
const PRETTY_INDENT = 2;
/** Objects that stand in an answer twice are written twice: Kubernetes' YAML has no anchors. */
const YAML_FORM = {
  sortMapEntries: true,
  lineWidth: 0,
  version: "1.1",
  aliasDuplicateObjects: false,
} as const;

/** Clients behind which a person reads. */
const PRETTY_AGENTS = ["curl", "Wget", "Mozilla/5.0"];

/** True where the answer should have lines and indents. */
export function isPretty(request: Request, negotiated: Negotiated = PLAIN): boolean {
  const { url } = request;
  const asked = url.includes("pretty") ? queryOf(url).get("pretty") : null;
  if (asked !== null && asked !== "") {
    return ["1", "t", "T", "true", "TRUE", "True"].includes(asked);
  }
  if (negotiated.pretty) return true;
  const agent = request.headers.get("user-agent") ?? "";
  return PRETTY_AGENTS.some((name) => agent.startsWith(name));
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
}

/**
 * Answers a body. `value` is a value still to be written, or its finished bytes or the pieces of them: of JSON, or of
 * `negotiated`'s media type where that is protobuf.
 */
export async function writeBody(
  value: unknown,
  negotiated: Negotiated,
  request: Request,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const pretty = isPretty(request, negotiated);
  const large = value instanceof PieceBody && value.length >= STREAMED_MINIMUM_BYTES &&
    isFinished(negotiated, pretty);
  const { body, length, headers: packing } = large
    ? packedStream(value, request)
    : await packed(bodyBytes(value, negotiated, pretty), request);
  const response = new Response(request.method === "HEAD" ? null : body, {
    status,
    headers: {
      "content-type": negotiated.mediaType,
      "cache-control": "no-cache, private",
      ...headers,
      ...packing,
    },
  });
  return request.method === "GET" ? keepSize(response, length) : response;
}

/** Whether finished bytes are what is answered. */
function isFinished({ mediaType }: Pick<Negotiated, "mediaType">, pretty: boolean): boolean {
  return mediaType === PROTOBUF_TYPE || mediaType === JSON_TYPE && !pretty;
}

function bodyBytes(
  value: unknown,
  { mediaType }: Negotiated,
  pretty: boolean,
): Uint8Array<ArrayBuffer> {
  const bytes = value instanceof PieceBody
    ? value.whole()
    : value instanceof Uint8Array
    ? value as Uint8Array<ArrayBuffer>
    : undefined;
  if (bytes !== undefined && isFinished({ mediaType }, pretty)) return bytes;
  const plain = bytes === undefined ? value : JSON.parse(decoder.decode(bytes)) as JsonValue;
  if (mediaType === YAML_TYPE) {
    return encoder.encode(yamlLibrary().stringify(plain, YAML_FORM));
  }
  return encoder.encode(`${JSON.stringify(plain, null, pretty ? PRETTY_INDENT : 0)}\n`);
}

/** Answers an object that is neither stored nor of a resource's kind: `kind` and `apiVersion` are members of it. */
export function writeObject(
  object: KubeObject,
  negotiated: Negotiated,
  request: Request,
  status = 200,
): Promise<Response> {
  if (negotiated.mediaType !== PROTOBUF_TYPE) {
    return writeBody(object, negotiated, request, status);
  }
  const [version = "", group = ""] = (object.apiVersion ?? "v1").split("/").reverse();
  const bytes = encodeProtobuf(object, { group, version, kind: object.kind ?? "" });
  return bytes === undefined
    ? writeBody(object, PLAIN, request, status)
    : writeBody(bytes, negotiated, request, status);
}

/** Answers a `Status`, whatever happens: what cannot be negotiated is JSON. */
export function writeStatus(status: Status, request: Request): Promise<Response> {
  const mediaType = statusType(request);
  const negotiated = { ...PLAIN, mediaType };
  const code = status.code ?? (status.status === "Success" ? 200 : 500);
  const wait = status.details?.retryAfterSeconds;
  const bytes = mediaType === PROTOBUF_TYPE
    ? encodeProtobuf(status as unknown as KubeObject, STATUS_KIND)
    : undefined;
  return writeBody(
    bytes ?? status,
    bytes === undefined && mediaType === PROTOBUF_TYPE ? PLAIN : negotiated,
    request,
    code,
    wait === undefined || wait <= 0 ? {} : { "retry-after": String(wait) },
  );
}

/** Answers an error; what is no `ApiError` is for the caller to log and to replace. */
export function writeError(error: ApiError, request: Request): Promise<Response> {
  return writeStatus(error.toStatus(), request);
}

function statusType(request: Request): MediaType {
  try {
    return negotiate(request.headers.get("accept"), {
      table: false,
      metadata: false,
      protobuf: true,
    }).mediaType;
  } catch {
    return JSON_TYPE;
  }
}
