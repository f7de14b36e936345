/** The framework: how plugins in TypeScript take part in an attempt. */
export * from "./plugin.ts";
export * from "./verdict.ts";
