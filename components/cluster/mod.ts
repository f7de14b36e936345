/** The composition root: chooses stores, runtimes and providers, and starts the roles. */
export * from "./cluster.ts";
export * from "./connection.ts";
export * from "./data_directory.ts";
export * from "./kubeconfig_file.ts";
export * from "./log_file.ts";
export * from "./network.ts";
export * from "./start_error.ts";
export * from "./version.ts";
export * from "./control_plane.ts";
export * from "./detach.ts";
export * from "./instance.ts";
export * from "./stop.ts";
export * from "./component_log.ts";
export * from "./reset.ts";
export * from "./status.ts";
export * from "./user_kubeconfig.ts";
