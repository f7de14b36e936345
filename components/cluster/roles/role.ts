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
  /** `kube-system` where not given. */
  readonly namespace?: string;
  readonly leaseSeconds?: number;
  readonly renewDeadlineSeconds?: number;
  readonly retrySeconds?: number;
}

/**
 * A role whose component is loaded when it starts: a process holds the code only of what runs in it. What fails to
 * start rejects `ready`.
 */
export function lazyRole(name: string, start: () => Promise<Role>): Role {
  const role = start();
  const ready = role.then((started) => started.ready);
  ready.catch(() => {});
  return {
    name,
    ready,
    end: async () => await (await role.catch(() => undefined))?.end(),
  };
}
