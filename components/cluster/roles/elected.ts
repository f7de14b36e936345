import { LeaderElection } from "../../reconcile/mod.ts";
import type { Election, Role, RoleOptions } from "./role.ts";

/** The namespace of the control plane's leases. */
const LEASE_NAMESPACE = "kube-system";

/**
 * A role of which several may run and one works: started when the lease `name` is ours, ended when it is lost. Ready
 * means that it takes part. A lost lease ends it for good, as upstream's: whoever keeps it running starts it again.
 */
export function elected(
  name: string,
  options: RoleOptions,
  election: Election,
  start: () => Role,
  lost: () => void,
): Role {
  const { connection, clock, logger } = options;
  const abort = new AbortController();
  const lease = new LeaderElection({
    client: connection.client,
    clock,
    logger,
    namespace: LEASE_NAMESPACE,
    name,
    ...election,
  });
  const running = lease.run(abort.signal, async (leading) => {
    const role = start();
    role.ready.catch((error) => logger.error("did not become ready", { error }));
    await new Promise<void>((resolve) => {
      leading.addEventListener("abort", () => resolve(), { once: true });
    });
    await role.end();
  }).catch((error) => logger.error("leader election ended", { error }));
  void running.then(() => {
    if (!abort.signal.aborted) lost();
  });
  return {
    name,
    ready: Promise.resolve(),
    async end() {
      abort.abort(new Error(`${name} ends`));
      await running;
    },
  };
}
