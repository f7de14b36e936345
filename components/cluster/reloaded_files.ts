import type { Clock, Logger } from "../base/mod.ts";
import type { ApiServer } from "../apiserver/mod.ts";
import type { ApiServerFlags } from "./api_server_settings.ts";
import { authenticationSettings } from "./authentication_files.ts";
import { authorizationSettings } from "./authorization_files.ts";

/** How soon a change of a configuration file is seen. */
const LOOK_MILLISECONDS = 10_000;

interface Reloading {
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
): () => void {
  const { authenticationConfig, authorizationConfig } = flags;
  const files: Reloading[] = [];
  if (authenticationConfig !== undefined) {
    files.push({
      path: authenticationConfig,
      async apply() {
        const { configuration } = await authenticationSettings(flags, ownIssuers);
        if (configuration !== undefined) server.reconfigureAuthentication(configuration);
      },
    });
  }
  if (authorizationConfig !== undefined) {
    files.push({
      path: authorizationConfig,
      async apply() {
        const settings = await authorizationSettings(flags);
        if (settings !== undefined) server.reconfigureAuthorization(settings);
      },
    });
  }
  const seen = new Map<string, string>();
  let ended = false;
  const look = async () => {
    for (const { path, apply } of files) {
      const text = await Deno.readTextFile(path).catch(() => undefined);
      const known = seen.get(path);
      if (text === undefined || text === known) continue;
      seen.set(path, text);
      if (known === undefined) continue;
      try {
        await apply();
        logger.info("a configuration file was taken anew", { path });
      } catch (error) {
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
