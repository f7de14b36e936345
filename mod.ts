/**
 * Coracle: a Kubernetes cluster that one person can carry. As a library: a cluster in the calling process, the
 * client and the API's types. Run as a program: the command line.
 */
export { Cluster, type ClusterOptions } from "./components/cluster/mod.ts";
export { Client, type ClientOptions, type Fetch } from "./components/client/mod.ts";
export * from "./components/api/served.ts";
export { ApiError } from "./components/base/mod.ts";

if (import.meta.main) {
  const { main, processTerminal } = await import("./components/cli/mod.ts");
  Deno.exit(await main(Deno.args, processTerminal()));
}
