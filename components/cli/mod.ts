/** Cluster management from the command line. */
export { main } from "./main.ts";
export { processTerminal } from "./terminal.ts";
export type { Terminal } from "./command.ts";
