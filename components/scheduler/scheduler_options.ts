import type { Clock, Logger, MetricRegistry, Random } from "../base/mod.ts";
import type { Node, Pod } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import type { SchedulerConfiguration } from "./config/mod.ts";
import type { SchedulerCore } from "./core_contract.ts";
import type { Profile } from "./cycle/profile.ts";
import type { Extender } from "./extenders/extender.ts";
import type { SchedulerPlugin } from "./framework/mod.ts";
import type { ExplainedPod } from "./http/scheduler_server.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly core: SchedulerCore;
  readonly configuration?: SchedulerConfiguration;
  readonly extenders?: readonly Extender[];
  /** Plugins of the user's own, which profiles may enable. */
  readonly plugins?: readonly UserPlugin[];
  /** How long a pod may wait for an event before it is tried anyway. */
  readonly leftOverMilliseconds?: number;
  /** Told of whole nodes, where somebody has to be shown them. */
  onNode?(name: string, node: Node | undefined): void;
}

/** A plugin that is made anew for each profile that enables it. */
export interface UserPlugin {
  readonly name: string;
  readonly points: readonly Parameters<Profile["at"]>[0][];
  make(context: UserPluginContext): SchedulerPlugin;
}

export interface UserPluginContext {
  readonly profile: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Lets a pod go on that waits at this plugin's permit. */
  allow(uid: string): void;
  reject(uid: string, reason: string): void;
  /** Tries pods again that this plugin has kept waiting. */
  activate(key: string): void;
}

export interface Scheduler {
  /** Resolves when nodes and pods are known and pods are being placed. */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
  /** The latest decision on a pod, or undefined where none is remembered. */
  explain(namespace: string, name: string): ExplainedPod | undefined;
  /** What each pod asks for, as `/metrics/resources` shows it. */
  resourceMetrics(): string;
  /** What every node is to a pod as things stand, as if it had none yet; for who only looks. */
  judge(pod: Pod): Promise<ExplainedPod>;
  /** What is known of a pod: all of one without a node, little of others. */
  podOf(uid: string): Pod | undefined;
  readonly configuration: SchedulerConfiguration;
  end(): Promise<void>;
}
