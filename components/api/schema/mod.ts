/** The schemas of built-in kinds, made from the generated table. */
export { findSchema, schemaOf, schemaOfKind, structNameOf } from "./lookup.ts";
