import type { Clock, Logger, MetricRegistry, Random } from "../../base/mod.ts";
import type { Connection } from "../connection.ts";

/** What every role that is not the API server is started with. */
export interface RoleOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
}

/** A role that runs. */
export interface Role {
  readonly name: string;
  /** Resolves when it does its work. */
  readonly ready: Promise<void>;
  end(): Promise<void>;
}

/** Leader election of a role, as kube-controller-manager and kube-scheduler take it. */
export interface Election {
  readonly identity: string;
}
