import { type Clock, hasReason, type Logger, microTimestamp, sleep } from "../base/mod.ts";
import { type Lease, LEASES } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseSeconds?: number;
  readonly renewDeadlineSeconds?: number;
  readonly retrySeconds?: number;
}

/**
 * Leadership by a Lease, as upstream's components do it. Whether another holder is still alive is judged by when this
 * process last saw its record change, never by comparing clocks of two machines.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  #observed = "";
  #observedAt = 0;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /**
   * Waits to become leader, runs `lead` with a signal that aborts when leadership is lost, and resolves when it is
   * lost or `signal` aborts; a lease that is still held is given up then.
   */
  async run(signal: AbortSignal, lead: (leading: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, logger, identity } = this.#options;
    const retry = (this.#options.retrySeconds ?? 2) * 1000;
    while (!await this.#tryAcquire()) {
      await sleep(clock, retry * 1.2, signal).catch(() => {});
      if (signal.aborted) return;
    }
    logger.info("became leader", { identity, lease: this.#options.name });
    const leading = new AbortController();
    const work = lead(leading.signal);
    const deadline = (this.#options.renewDeadlineSeconds ?? 10) * 1000;
    let renewed = clock.monotonic();
    while (!signal.aborted && clock.monotonic() - renewed < deadline) {
      await sleep(clock, retry, signal).catch(() => {});
      if (!signal.aborted && await this.#tryAcquire()) renewed = clock.monotonic();
    }
    leading.abort(new Error("leadership lost"));
    if (signal.aborted) await this.#release();
    else logger.warn("leadership lost", { identity, lease: this.#options.name });
    await work;
  }

  async #tryAcquire(): Promise<boolean> {
    const { client, clock, namespace, name, identity } = this.#options;
    const leaseSeconds = this.#options.leaseSeconds ?? 15;
    const now = microTimestamp(clock.now());
    try {
      const lease = await client.find(LEASES, name, namespace);
      if (lease === undefined) {
        await client.create(LEASES, {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { name, namespace },
          spec: {
            holderIdentity: identity,
            leaseDurationSeconds: leaseSeconds,
            acquireTime: now,
            renewTime: now,
            leaseTransitions: 0,
          },
        });
        return true;
      }
      const spec = lease.spec ?? {};
      const mine = spec.holderIdentity === identity;
      if (!mine && spec.holderIdentity !== undefined && spec.holderIdentity !== "") {
        const record = `${spec.holderIdentity}/${spec.renewTime}/${spec.leaseTransitions}`;
        if (record !== this.#observed) {
          this.#observed = record;
          this.#observedAt = clock.monotonic();
        }
        const held = (spec.leaseDurationSeconds ?? leaseSeconds) * 1000;
        if (clock.monotonic() - this.#observedAt < held) return false;
      }
      const next: Lease = {
        ...lease,
        spec: {
          ...spec,
          holderIdentity: identity,
          leaseDurationSeconds: leaseSeconds,
          renewTime: now,
          ...(mine ? {} : { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 }),
        },
      };
      await client.update(LEASES, next);
      return true;
    } catch (error) {
      if (!hasReason(error, "Conflict") && !hasReason(error, "AlreadyExists")) {
        this.#options.logger.warn("lease not renewed", { lease: name, error: String(error) });
      }
      return false;
    }
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity } = this.#options;
    try {
      const lease = await client.find(LEASES, name, namespace);
      if (lease?.spec?.holderIdentity !== identity) return;
      await client.update(LEASES, {
        ...lease,
        spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 },
      });
    } catch {
      // The lease runs out by itself.
    }
  }
}
