/** Typed REST and watch over a `fetch`-shaped function. */
export * from "./client.ts";
export * from "./request.ts";
export * from "./watch_stream.ts";
