import { ApiError } from "../../base/mod.ts";
import { type AcceptClause, parseAccept } from "./accept.ts";

export const JSON_TYPE = "application/json";
export const YAML_TYPE = "application/yaml";
export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";
export type MediaType = typeof JSON_TYPE | typeof YAML_TYPE | typeof PROTOBUF_TYPE;

/** What an answer looks like. `object` is the resource itself, whole. */
export interface Negotiated {
  readonly form: "object" | "table" | "metadata";
  readonly mediaType: MediaType;
  /** The version of meta.k8s.io that a table or metadata is of. */
  readonly formVersion: "v1" | "v1beta1";
  /** True where metadata was asked for as a list. */
  readonly metadataList: boolean;
  /** True where the client named the media type with `stream=watch`. */
  readonly stream: boolean;
  /** True where the client asked for lines and indents in the media type itself. */
  readonly pretty: boolean;
}

/** What an endpoint can answer beside JSON and YAML of the object itself. */
export interface NegotiationOptions {
  readonly table: boolean;
  readonly metadata: boolean;
  /** The kind can be written as protobuf. */
  readonly protobuf?: boolean;
  /** The answer is a stream of events, which YAML has no form for. */
  readonly stream?: boolean;
}

/** What is answered where nobody asks for anything. */
export const PLAIN: Negotiated = {
  form: "object",
  mediaType: JSON_TYPE,
  formVersion: "v1",
  metadataList: false,
  stream: false,
  pretty: false,
};

/** Chooses by an `Accept` header: the first that can be answered of what is wanted most. Throws 406. */
export function negotiate(accept: string | null, options: NegotiationOptions): Negotiated {
  if (accept === null || accept.trim() === "" || accept === JSON_TYPE || accept === "*/*") {
    return PLAIN;
  }
  for (const clause of parseAccept(accept)) {
    for (const mediaType of mediaTypes(clause, options)) {
      const found = accepted(clause, mediaType, options);
      if (found !== undefined) return found;
    }
  }
  throw notAcceptable(options);
}

/** Upstream's 406. */
export function notAcceptable(options: NegotiationOptions): ApiError {
  const types = offered(options).map((type) => options.stream ? `${type};stream=watch` : type);
  return new ApiError(
    406,
    "NotAcceptable",
    `only the following media types are accepted: ${types.join(", ")}`,
  );
}

function offered({ protobuf = false, stream = false }: NegotiationOptions): MediaType[] {
  return [
    JSON_TYPE,
    ...(stream ? [] : [YAML_TYPE] as const),
    ...(protobuf ? [PROTOBUF_TYPE] as const : []),
  ];
}

function mediaTypes(clause: AcceptClause, options: NegotiationOptions): MediaType[] {
  return offered(options).filter((mediaType) => {
    const [type, subtype] = mediaType.split("/");
    return clause.type === "*" && clause.subtype === "*" ||
      clause.type === type && (clause.subtype === subtype || clause.subtype === "*");
  });
}

function accepted(
  { parameters }: AcceptClause,
  mediaType: MediaType,
  options: NegotiationOptions,
): Negotiated | undefined {
  const { as, g: group, v: version, stream, pretty } = parameters;
  if (stream !== undefined && (stream !== "watch" || options.stream !== true)) return undefined;
  const plain = {
    ...PLAIN,
    mediaType,
    stream: stream !== undefined,
    pretty: pretty === "1",
  };
  if (as === undefined) return plain;
  if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  switch (as) {
    case "Table":
      if (!options.table || mediaType === PROTOBUF_TYPE) return undefined;
      return { ...plain, form: "table", formVersion: version };
    case "PartialObjectMetadata":
    case "PartialObjectMetadataList":
      if (!options.metadata) return undefined;
      return {
        ...plain,
        form: "metadata",
        formVersion: version,
        metadataList: as === "PartialObjectMetadataList",
      };
    default:
      return undefined;
  }
}
