import { registerProcessMetrics, sleep } from "../base/mod.ts";
import { openPki } from "../pki/mod.ts";
import { type Scheduler, type SchedulerConfiguration, schedulerHandler } from "../scheduler/mod.ts";
import { clusterClientAuthority, DelegatedAccess, Door } from "../serving/mod.ts";
import { writeSecret } from "./data_directory.ts";
import type { RoleOptions } from "./roles/role.ts";

/** How the scheduler's HTTPS port is opened. */
export interface SchedulerServing {
  readonly host: string;
  /** Taken where it is free; another one where `anyPort` allows it. */
  readonly port: number;
  readonly anyPort?: boolean;
  /** PEM; one that signs itself where not given. */
  readonly credential?: { readonly certificate: string; readonly key: string };
  readonly socketParent?: string;
  /** Where it is written how the port is reached, for commands on this machine. */
  readonly addressFile?: string;
}

/** How commands on this machine reach the scheduler. */
export interface SchedulerAddress {
  readonly server: string;
  /** PEM of who vouches for it. */
  readonly authority: string;
}

const AUTHORITY_RETRY_MILLISECONDS = 1_000;

/** The scheduler's HTTPS port; it answers whether or not this instance leads. */
export class SchedulerServer {
  readonly port: number;
  readonly #door: Door;
  readonly #abort: AbortController;

  private constructor(door: Door, abort: AbortController) {
    this.#door = door;
    this.#abort = abort;
    this.port = door.port;
  }

  /** Rejects where the port is taken. `current` is the scheduler that runs here, if one does. */
  static async open(
    options: RoleOptions,
    serving: SchedulerServing,
    configuration: SchedulerConfiguration,
    current: () => Scheduler | undefined,
  ): Promise<SchedulerServer> {
    const { clock, connection, logger, metrics, random } = options;
    registerProcessMetrics(metrics);
    const access = new DelegatedAccess(connection.client, clock);
    const pki = serving.credential === undefined
      ? await openPki(undefined, { clock, random })
      : undefined;
    const credential = serving.credential ??
      await pki!.serving("kube-scheduler", {
        commonName: "kube-scheduler",
        hosts: ["localhost", "127.0.0.1", "::1", Deno.hostname()],
      });
    const handle = schedulerHandler({
      metrics,
      configuration,
      refusal: (request, peer) => access.refusal(request, peer),
      isReady: () => current()?.isReady ?? true,
      explain: (namespace, name) => current()?.explain(namespace, name),
      resources: () => current()?.resourceMetrics() ?? "",
    });
    const openOn = (port: number) =>
      Door.open({
        host: serving.host,
        port,
        // Asked for from the first, believed when the cluster's own authority is known.
        credentials: {
          certificate: credential.certificate,
          key: credential.key,
          clientCa: pki?.authority.certificate ?? credential.certificate,
        },
        logger,
        clock,
        ...(serving.socketParent === undefined ? {} : { socketParent: serving.socketParent }),
        handle,
      });
    const door = await openOn(serving.port).catch((error) => {
      if (serving.anyPort !== true) throw error;
      return openOn(0);
    });
    const abort = new AbortController();
    const server = new SchedulerServer(door, abort);
    void server.#takeClients(options, credential);
    if (serving.addressFile !== undefined) {
      const address: SchedulerAddress = {
        server: `https://127.0.0.1:${door.port}`,
        authority: pki?.authority.certificate ?? credential.certificate,
      };
      await writeSecret(serving.addressFile, JSON.stringify(address));
    }
    return server;
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error("the scheduler's port closes"));
    await this.#door.close();
  }

  /** Client certificates are believed as soon as the API server says whose. */
  async #takeClients(
    { clock, connection, logger }: RoleOptions,
    credential: { readonly certificate: string; readonly key: string },
  ): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const clientCa = await clusterClientAuthority(connection.client);
        if (clientCa !== undefined) {
          const { certificate, key } = credential;
          return this.#door.reload({ certificate, key, clientCa });
        }
      } catch (error) {
        logger.debug("no authority of clients yet", { error: String(error) });
      }
      await sleep(clock, AUTHORITY_RETRY_MILLISECONDS, signal).catch(() => {});
    }
  }
}
