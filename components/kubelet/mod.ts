/** The kubelet: runs the pods of one node and tells the API about them. */
export * from "./config.ts";
export * from "./hollow/hollow_runtime.ts";
export * from "./hollow/hollow_setup.ts";
export * from "./kubelet.ts";
export * from "./machine.ts";
export * from "./pod_setup.ts";
export * from "./podman/mod.ts";
export * from "./pod_source.ts";
export * from "./runtime.ts";
export * from "./server/access.ts";
export * from "./start.ts";
