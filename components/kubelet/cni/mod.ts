/** The caller of network plugins, by the Container Network Interface. */
export * from "./conflist.ts";
export * from "./network.ts";
export * from "./result.ts";
