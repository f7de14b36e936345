/** What a client wants to hear and how it is written: media types, forms, compression, read options. */
export { isPretty, writeBody, writeError, writeObject, writeStatus } from "./body.ts";
export { acceptsGzip, GZIP_MINIMUM_BYTES, gzipped, packed } from "./gzip.ts";
export {
  JSON_TYPE,
  type MediaType,
  negotiate,
  type Negotiated,
  type NegotiationOptions,
  notAcceptable,
  PLAIN,
  PROTOBUF_TYPE,
  YAML_TYPE,
} from "./negotiate.ts";
export { type AcceptClause, parseAccept } from "./accept.ts";
export { type ListQuery, parseRevision, readListQuery, type VersionMatch } from "./list_options.ts";
export { type IncludeObject, readIncludeObject } from "./table_options.ts";
export { responseSize } from "./response_size.ts";
export { heldBody, PieceBody } from "./piece_body.ts";
