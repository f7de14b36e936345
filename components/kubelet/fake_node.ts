import type { Pod } from "../api/mod.ts";
import { FakeClock, seededRandom, silentLogger } from "../base/mod.ts";
import type { Machine } from "./config.ts";
import { FakeApi } from "./fake_api.ts";
import { HollowRuntime, type HollowRuntimeOptions } from "./hollow/hollow_runtime.ts";
import { hollowSetup } from "./hollow/hollow_setup.ts";
import { type Kubelet, type KubeletOptions, startCore } from "./kubelet.ts";
import type { ContainerRuntime } from "./runtime.ts";

export const TEST_MACHINE: Machine = {
  addresses: [
    { type: "InternalIP", address: "10.0.0.1" },
    { type: "Hostname", address: "node-1" },
  ],
  capacity: { cpu: "4", memory: "8388608Ki", "ephemeral-storage": "104857600Ki" },
  machineID: "machine",
  systemUUID: "system",
  bootID: "boot",
  kernelVersion: "6.1",
  osImage: "Test OS",
  operatingSystem: "linux",
  architecture: "amd64",
};

/** Real turns of the event loop that a condition is given to come true after each step of the fake clock. */
const TURNS_MAXIMUM = 400;

/** A kubelet on a hollow runtime, a fake API and a clock that stands still: for this room's tests. */
export class FakeNode {
  readonly clock = new FakeClock();
  readonly random = seededRandom(7);
  readonly api = new FakeApi();
  readonly runtime: HollowRuntime;
  kubelet: Kubelet;
  #crash: () => void = () => {};
  readonly #overrides: Partial<KubeletOptions>;

  constructor(
    runtime: Partial<HollowRuntimeOptions> = {},
    overrides: Partial<KubeletOptions> = {},
  ) {
    let next = 1;
    this.runtime = new HollowRuntime({
      clock: this.clock,
      random: this.random,
      address: () => `10.1.0.${next++}`,
      ...runtime,
    });
    this.#overrides = overrides;
    this.kubelet = this.#start();
  }

  /** Ends the kubelet as a crash would, and starts another on the same runtime and API. */
  async restart(): Promise<void> {
    this.#crash();
    await this.kubelet.end();
    this.kubelet = this.#start();
  }

  async end(): Promise<void> {
    await this.kubelet.end();
  }

  /** Lets the event loop turn until the condition holds; throws with `what` when it does not come. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < TURNS_MAXIMUM; turn++) {
      if (condition()) return;
      await new Promise<void>((resolve) => setImmediateTurn(resolve));
      await this.clock.advance(0);
    }
    throw new Error(`not reached: ${what}`);
  }

  /** Turns the loop a while, so that whatever is under way can happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) {
      await new Promise<void>((resolve) => setImmediateTurn(resolve));
      await this.clock.advance(0);
    }
  }

  async advance(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.clock.advance(1000);
      await this.settle();
    }
  }

  phase(name: string): string | undefined {
    return this.api.pod(name)?.status?.phase;
  }

  #start(): Kubelet {
    const [runtime, crash] = mortal(this.runtime);
    this.#crash = crash;
    return startCore({
      nodeName: "node-1",
      client: this.api.client,
      runtime,
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      machine: TEST_MACHINE,
      setup: () => hollowSetup,
      ...this.#overrides,
    });
  }
}

/** A runtime that one kubelet sees until it crashes: what it asked for still happens, but it never hears of it. */
function mortal(runtime: HollowRuntime): [ContainerRuntime, () => void] {
  let dead = false;
  const never = new Promise<never>(() => {});
  const proxy = new Proxy(runtime, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (key === "events" || key === "logText") return member.apply(target, args);
        if (dead) return never;
        return (member.apply(target, args) as Promise<unknown>).then(
          (value) => dead ? never : value,
          (error) => dead ? never : Promise.reject(error),
        );
      };
    },
  });
  return [proxy, () => dead = true];
}

/** A pod bound to the fake node. */
export function testPod(name: string, spec: Pod["spec"], metadata: Pod["metadata"] = {}): Pod {
  return {
    metadata: { name, namespace: "default", ...metadata },
    spec: { nodeName: "node-1", restartPolicy: "Always", ...spec },
  };
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** A macrotask without a timer. */
function setImmediateTurn(callback: () => void): void {
  waiting.push(callback);
  channel.port2.postMessage(0);
}
