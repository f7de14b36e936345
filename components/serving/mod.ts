/** What every server of the cluster shares. */
export * from "./dial.ts";
export * from "./streams.ts";
