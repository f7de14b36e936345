/** Configuration files: read once, strictly, before the server starts. */
export * from "./document.ts";
export * from "./fields.ts";
