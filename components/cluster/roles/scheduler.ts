import { lazyRole, type Role, type RoleOptions } from "./role.ts";

/** kube-scheduler over a connection. */
export function schedulerRole(options: RoleOptions): Role {
  const { connection, ...rest } = options;
  return lazyRole("kube-scheduler", async () => {
    const { openCore, startScheduler } = await import("../../scheduler/mod.ts");
    const scheduler = startScheduler({ ...rest, client: connection.client, core: openCore() });
    return { name: "kube-scheduler", ready: scheduler.ready, end: () => scheduler.end() };
  });
}
