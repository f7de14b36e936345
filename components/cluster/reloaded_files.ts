import type { Clock, Logger, MetricRegistry } from "../base/mod.ts";
import type { ApiServer } from "../apiserver/mod.ts";
import type { ApiServerFlags } from "./api_server_settings.ts";
import { authenticationSettings } from "./authentication_files.ts";
import { authorizationSettings } from "./authorization_files.ts";

/** How soon a change of a configuration file is seen. */
const LOOK_MILLISECONDS = 10_000;

interface Reloading {
  /** What metrics call it. */
  readonly kind: "authentication" | "authorization";
  readonly path: string;
  /** Takes the file as it is now. Rejects for one that is wrong: then what was before stays. */
  apply(): Promise<void>;
}

/**
 * Follows the files of `--authentication-config` and `--authorization-config`: what changes in them holds for requests
 * from then on, and what is wrong in them is logged and changes nothing. Answers the end of it.
 */
export function followFiles(
  flags: ApiServerFlags,
  ownIssuers: readonly string[],
  server: ApiServer,
  clock: Clock,
  logger: Logger,
  metrics: MetricRegistry,
): () => void {
  const { authenticationConfig, authorizationConfig } = flags;
  const files: Reloading[] = [];
  if (authenticationConfig !== undefined) {
    files.push({
      kind: "authentication",
      path: authenticationConfig,
      async apply() {
        const { configuration } = await authenticationSettings(flags, ownIssuers);
        if (configuration !== undefined) server.reconfigureAuthentication(configuration);
      },
    });
  }
  if (authorizationConfig !== undefined) {
    files.push({
      kind: "authorization",
      path: authorizationConfig,
      async apply() {
        const settings = await authorizationSettings(flags);
        if (settings !== undefined) server.reconfigureAuthorization(settings);
      },
    });
  }
  const reloaded = reloadMeter(metrics, clock);
  const seen = new Map<string, string>();
  let ended = false;
  const look = async () => {
    for (const { kind, path, apply } of files) {
      const text = await Deno.readTextFile(path).catch(() => undefined);
      const known = seen.get(path);
      if (text === undefined || text === known) continue;
      seen.set(path, text);
      if (known === undefined) continue;
      try {
        await apply();
        reloaded(kind, "success");
        logger.info("a configuration file was taken anew", { path });
      } catch (error) {
        reloaded(kind, "failure");
        logger.error("a configuration file is wrong and changes nothing", { path, error });
      }
    }
  };
  const again = () => {
    if (ended) return;
    look().finally(() => clock.after(LOOK_MILLISECONDS, again));
  };
  if (files.length > 0) again();
  return () => {
    ended = true;
  };
}

/** Counts reloads, under upstream's names. */
function reloadMeter(registry: MetricRegistry, clock: Clock) {
  const of = (kind: Reloading["kind"]) => {
    const prefix = `apiserver_${kind}_config_controller_automatic_reload`;
    const rest = `${kind} configuration split by status and apiserver identity.`;
    const labels = ["status", "apiserver_id_hash"];
    return {
      total: registry.counter(
        `${prefix}s_total`,
        `[BETA] Total number of automatic reloads of ${rest}`,
        labels,
      ),
      last: registry.gauge(
        `${prefix}_last_timestamp_seconds`,
        `[BETA] Timestamp of the last automatic reload of ${rest}`,
        labels,
      ),
    };
  };
  const meters = { authentication: of("authentication"), authorization: of("authorization") };
  return (kind: Reloading["kind"], status: "success" | "failure") => {
    meters[kind].total.add(1, status, "");
    meters[kind].last.set(clock.now() / 1000, status, "");
  };
}
