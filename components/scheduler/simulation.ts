import { FakeClock, type Logger, MetricRegistry, seededRandom, silentLogger } from "../base/mod.ts";
import type { Pod } from "../api/mod.ts";
import { Client } from "../client/mod.ts";
import { FakeApi } from "./fake_api.ts";
import { openCore } from "./open_core.ts";
import { startScheduler } from "./scheduler.ts";
import type { Scheduler, SchedulerOptions } from "./scheduler_options.ts";

/** Far more turns than anything needs that happens without time passing. */
const TURNS_MAXIMUM = 400;

interface PodChoice {
  readonly cpu?: string;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
}

/** For tests: a scheduler over a fake API and a clock that stands still unless it is told. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly metrics = new MetricRegistry();
  readonly api: FakeApi;
  readonly scheduler: Scheduler;

  private constructor(options: Partial<SchedulerOptions>, seed: number, logger: Logger) {
    const random = seededRandom(seed);
    this.api = new FakeApi(random);
    const client = new Client({ server: "http://api", fetch: this.api.fetch, userAgent: "test" });
    this.scheduler = startScheduler({
      client,
      clock: this.clock,
      random,
      logger,
      metrics: this.metrics,
      core: openCore(),
      ...options,
    });
  }

  static async start(
    options: Partial<SchedulerOptions> = {},
    seed = 7,
    logger: Logger = silentLogger,
  ): Promise<Simulation> {
    const simulation = new Simulation(options, seed, logger);
    await simulation.scheduler.ready;
    return simulation;
  }

  node(name: string, { cpu = "4", ...more }: { cpu?: string; labels?: Record<string, string> }) {
    const uid = `node-${name}`;
    this.api.put("nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, uid, labels: { "kubernetes.io/hostname": name, ...more.labels } },
      status: { allocatable: { cpu, memory: "8Gi", pods: "110" } },
    } as never);
  }

  pod(name: string, { cpu = "100m", spec = {}, metadata = {} }: PodChoice): void {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "d", generation: 1, ...metadata },
      spec: {
        schedulerName: "default-scheduler",
        containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }],
        ...spec,
      },
      status: { phase: "Pending" },
    };
    this.api.put("pods", pod as Pod);
  }

  nodeOf(name: string): string {
    return this.api.pod(name)?.spec?.nodeName ?? "";
  }

  /** The sum of a metric's series. */
  metric(name: string): number {
    return this.metrics.text().split("\n")
      .filter((line) => line.startsWith(name) && !line.startsWith("#"))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  /** Lets what needs no time happen, then time pass, until it holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; turn < TURNS_MAXIMUM; turn++) {
      if (holds()) return;
      await nextTurn();
      if (turn % 20 === 19) await this.clock.advance(1_000);
    }
    throw new Error("what was waited for did not happen");
  }

  async pass(milliseconds: number): Promise<void> {
    for (let i = 0; i < 10; i++) {
      for (let turn = 0; turn < 5; turn++) await nextTurn();
      await this.clock.advance(milliseconds / 10);
    }
  }

  async end(): Promise<void> {
    this.api.faults = { refuse: 0, loseAnswer: 0 };
    await this.scheduler.end();
    this.api.hangUp();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
