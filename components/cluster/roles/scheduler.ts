import { startScheduler } from "../../scheduler/mod.ts";
import type { Role, RoleOptions } from "./role.ts";

/** kube-scheduler over a connection. */
export function schedulerRole(options: RoleOptions): Role {
  const { connection, ...rest } = options;
  const scheduler = startScheduler({ ...rest, client: connection.client });
  return { name: "kube-scheduler", ready: scheduler.ready, end: () => scheduler.end() };
}
