import type { LogLevel } from "../base/mod.ts";
import type { ClusterNetwork } from "./network.ts";

/** What the worker is told; JSON text, so that nothing is shared and little is copied. */
export type ToWorker =
  | { readonly op: "start"; readonly config: WorkerConfig }
  | { readonly op: "end" };

export type FromWorker =
  | { readonly event: "ready" }
  | { readonly event: "failed"; readonly message: string }
  | { readonly event: "ended" };

export interface WorkerConfig {
  readonly pkiDirectory: string;
  readonly logsDirectory: string;
  readonly logLevel: LogLevel;
  readonly network: ClusterNetwork;
  /** Sockets of the API server by who they make the caller. */
  readonly sockets: Readonly<Record<"controller-manager" | "scheduler" | "hollow-nodes", string>>;
  /** Where it is written how the scheduler is reached. */
  readonly schedulerAddress: string;
  /** Where those sockets are; ours alone. */
  readonly socketDirectory: string;
  /** Hollow nodes with the socket of each. */
  readonly hollowNodes: readonly { readonly name: string; readonly socket: string }[];
}
