/** OpenAPI documents of what is served, made from the schema tables, the definitions and custom schemas. */
export type { OpenApiResource } from "./resource.ts";
export { customName } from "./resource.ts";
export { definitionName } from "./schemas.ts";
export { openApiV2Document } from "./v2.ts";
export { openApiV2Protobuf } from "./v2_protobuf.ts";
export { openApiHash, openApiV3Document, openApiV3Index } from "./v3.ts";
