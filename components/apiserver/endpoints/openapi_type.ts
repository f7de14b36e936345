import { JSON_TYPE, notAcceptable, parseAccept } from "../negotiation/mod.ts";

/** What a document of OpenAPI 2 is answered as when it is asked for as protobuf. */
export const OPENAPI_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** The subtype with `@` is what kubectl asks for; both are answered alike. */
const FORMS: readonly (readonly [subtype: string, type: string])[] = [
  ["json", JSON_TYPE],
  ["com.github.proto-openapi.spec.v2@v1.0+protobuf", OPENAPI_V2_PROTOBUF],
  ["com.github.proto-openapi.spec.v2.v1.0+protobuf", OPENAPI_V2_PROTOBUF],
];

/** The form of OpenAPI 2 that a client wants most. Throws 406 for one that takes none of them. */
export function openApiV2Type(accept: string | null): string {
  if (accept === null || accept.trim() === "") return JSON_TYPE;
  for (const { type, subtype } of parseAccept(accept)) {
    if (type !== "application" && type !== "*") continue;
    const form = FORMS.find(([name]) => subtype === name || subtype === "*");
    if (form !== undefined) return form[1];
  }
  throw notAcceptable({ table: false, metadata: false });
}
