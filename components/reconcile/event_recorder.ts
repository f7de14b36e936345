import {
  BoundedQueue,
  type Clock,
  hasReason,
  type Logger,
  type Random,
  randomInteger,
  timestamp,
} from "../base/mod.ts";
import { type Event, EVENTS, type KubeObject } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { EventCorrelator } from "./event_correlator.ts";

/** What an event is about; `fieldPath` names a container as `spec.containers{name}`. */
export interface EventTarget extends KubeObject {
  readonly fieldPath?: string;
}

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `kubelet`, `default-scheduler`, `deployment-controller`. */
  readonly component: string;
  /** The node's name where the component runs on one. */
  readonly host?: string;
  /** Events that are written at once (1); with more of them, those of one object may change places. */
  readonly writers?: number;
}

/** Events that wait to be written; more than this means the API server is gone, and they are dropped. */
const WAITING_EVENTS_MAXIMUM = 1000;
const NAME_MAXIMUM = 253 - 18;

/**
 * Tells users what happened, as core/v1 Events. Never blocks and never fails its caller: what cannot be written in
 * time is dropped. The same event again raises the count of the first; many similar ones are combined; a source that
 * floods one object is cut off.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #queue = new BoundedQueue<Event>(WAITING_EVENTS_MAXIMUM);
  readonly #correlator: EventCorrelator;
  #lastInstant = 0;
  #sequence = 0;
  readonly #writing = new Set<Promise<void>>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  normal(target: EventTarget, reason: string, message: string, action?: string): void {
    this.#record(target, "Normal", reason, message, action);
  }

  warning(target: EventTarget, reason: string, message: string, action?: string): void {
    this.#record(target, "Warning", reason, message, action);
  }

  /** Resolves when everything recorded so far is written or dropped. */
  async flush(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  #record(
    target: EventTarget,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    action?: string,
  ): void {
    const { clock, component, host } = this.#options;
    const meta = target.metadata ?? {};
    const now = timestamp(clock.now());
    const namespace = meta.namespace === undefined || meta.namespace === ""
      ? "default"
      : meta.namespace;
    const event: Event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "", namespace },
      involvedObject: {
        ...(target.apiVersion === undefined ? {} : { apiVersion: target.apiVersion }),
        ...(target.kind === undefined ? {} : { kind: target.kind }),
        ...(meta.namespace === undefined ? {} : { namespace: meta.namespace }),
        ...(meta.name === undefined ? {} : { name: meta.name }),
        ...(meta.uid === undefined ? {} : { uid: meta.uid }),
        ...(meta.resourceVersion === undefined ? {} : { resourceVersion: meta.resourceVersion }),
        ...(target.fieldPath === undefined ? {} : { fieldPath: target.fieldPath }),
      },
      reason,
      message: message.length > 1024 ? message.slice(0, 1020) + " ..." : message,
      type,
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      reportingInstance: host ?? component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      ...(action === undefined ? {} : { action }),
    };
    if (!this.#queue.push(event)) return;
    if (this.#writing.size >= (this.#options.writers ?? 1)) return;
    const writing: Promise<void> = this.#write().finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #write(): Promise<void> {
    // The caller's turn ends first: recording never runs inside it.
    await Promise.resolve();
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      try {
        await this.#send(event);
      } catch (error) {
        this.#options.logger.debug("event dropped", { reason: event.reason, error: String(error) });
      }
    }
  }

  /**
   * Nanoseconds since the epoch in hex, as upstream ends an event's name: events of one second are listed in their
   * order by it. What the clock does not tell is counted, and then drawn, so that two recorders do not meet.
   */
  #instant(): string {
    const { clock, random } = this.#options;
    const now = clock.now();
    this.#sequence = now === this.#lastInstant ? this.#sequence + 1 : 0;
    this.#lastInstant = now;
    const below = Math.min(this.#sequence, 999) * 1000 + randomInteger(random, 1000);
    return (BigInt(Math.floor(now)) * 1_000_000n + BigInt(below)).toString(16);
  }

  async #send(event: Event): Promise<void> {
    const { client } = this.#options;
    const plan = this.#correlator.plan(event);
    if (plan.kind === "drop") return;
    if (plan.kind === "repeat") {
      try {
        await client.patch(EVENTS, plan.name, {
          count: plan.count,
          message: plan.event.message,
          lastTimestamp: event.lastTimestamp,
        }, { type: "merge", namespace: event.metadata?.namespace ?? "default" });
        return;
      } catch (error) {
        // It has expired meanwhile: written anew below.
        if (!hasReason(error, "NotFound")) throw error;
      }
    }
    const base = (event.involvedObject?.name ?? "event").slice(0, NAME_MAXIMUM);
    const name = `${base}.${this.#instant()}`;
    await client.create(EVENTS, { ...plan.event, metadata: { ...event.metadata, name } });
    this.#correlator.written(plan.event, name);
  }
}
