import { FakeClock, type Logger, seededRandom, silentLogger } from "../base/mod.ts";
import type { Node, Pod } from "../api/mod.ts";
import { timestamp } from "../base/mod.ts";
import { Client } from "../client/mod.ts";
import { targetNode } from "./daemon_set/node_fit.ts";
import { FakeApi } from "./fake_api.ts";
import { type ControllerManager, startControllerManager } from "./manager.ts";
import type { ControllerManagerOptions } from "./options.ts";

/** Turns without a write after which nothing more is expected to happen by itself. */
const QUIET_TURNS = 5;

/** For tests: controllers over a fake API and a clock that stands still, with a scheduler and kubelet of three lines. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly random = seededRandom(7);
  readonly api = new FakeApi(this.clock, this.random);
  readonly client: Client;
  readonly manager: ControllerManager;
  /** Whether pods get a node, run and become ready by themselves, and end when they are deleted. */
  kubelet = true;

  constructor(
    controllers: readonly string[],
    options: Partial<ControllerManagerOptions> = {},
    logger: Logger = silentLogger,
  ) {
    this.client = new Client({ server: "http://api", fetch: this.api.fetch, userAgent: "test" });
    this.manager = startControllerManager({
      client: this.client,
      clock: this.clock,
      random: this.random,
      logger,
      controllers,
      ...options,
    });
  }

  /** Lets everything happen that happens without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      const before = this.api.writes.length;
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.kubelet && this.#runPods()) quiet = -1;
      if (this.api.writes.length !== before) quiet = -1;
    }
  }

  /** Lets time pass in steps, and everything happen in between. */
  async pass(milliseconds: number, step = Math.max(1, milliseconds / 8)): Promise<void> {
    await this.settle();
    for (let left = milliseconds; left > 0; left -= step) {
      await this.clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  async end(): Promise<void> {
    await this.manager.end();
  }

  #runPods(): boolean {
    let worked = false;
    for (const pod of this.api.list<Pod>("pods")) {
      const name = pod.metadata?.name ?? "";
      if (pod.metadata?.deletionTimestamp !== undefined) {
        if ((pod.metadata.deletionGracePeriodSeconds ?? 0) > 0) {
          this.api.endPod(name);
          worked = true;
        }
      } else if (pod.status?.phase === "Pending") {
        this.api.change<Pod>("pods", name, (pod) => runPod(pod, this.clock.now()));
        worked = true;
      }
    }
    return worked;
  }

  node(name: string, now = this.clock.now()): Node {
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/os": "linux", "kubernetes.io/hostname": name } },
      status: {
        conditions: [{
          type: "Ready",
          status: "True",
          lastHeartbeatTime: timestamp(now),
          lastTransitionTime: timestamp(now),
        }],
      },
    };
  }
}

/** Makes a pod run and ready on a node. */
export function runPod(pod: Pod, now: number, node = "n1"): void {
  pod.spec = { ...pod.spec, nodeName: targetNode(pod) ?? node };
  const number = parseInt((pod.metadata?.uid ?? "0").slice(0, 4), 16);
  pod.status = {
    ...pod.status,
    phase: "Running",
    podIP: `10.1.${number >> 8}.${number & 255}`,
    podIPs: [{ ip: `10.1.${number >> 8}.${number & 255}` }],
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(now) }],
    containerStatuses: [{ name: "c", restartCount: 0, ready: true, state: { running: {} } }],
  };
}
