import type { Pod } from "../../api/mod.ts";
import type { ExtraConstraint } from "../core_contract.ts";
import type { QueueingHint } from "../queue/queueing_hint.ts";
import type { Verdict } from "./verdict.ts";

/** One attempt to place one pod, as its plugins see it. */
export interface Cycle {
  /** Never change it: the queue holds the same object. */
  readonly pod: Pod;
  readonly profile: string;
  /** What a plugin carries from one point to the next, by its own name; it ends with the attempt. */
  readonly state: Map<string, unknown>;
}

export type Answer<T> = T | Promise<T>;

export interface PreFilterAnswer {
  readonly verdict: Verdict;
  /** Only these nodes are looked at; all where not given. */
  readonly nodes?: ReadonlySet<string>;
  /** Rules that the core keeps to in the plugin's place, before its filter is asked about the nodes that are left. */
  readonly constraints?: readonly PluginRule[];
  /** Extended resources that the plugin sees to on nodes that have none of them. */
  readonly deviceResources?: readonly string[];
}

/** A rule for the core. `holders` are uids here. */
export type PluginRule = Omit<ExtraConstraint, "plugin" | "holders"> & {
  readonly holders?: readonly string[];
};

export interface PermitAnswer {
  readonly verdict: Verdict;
  /** How long a pod that is told to wait waits at most, in milliseconds; capped at 15 minutes. */
  readonly timeoutMilliseconds?: number;
}

/**
 * A plugin in this process, in TypeScript: the project's own (volumes, devices) and the stand-ins of users' modules.
 *
 * - Points are asked in upstream's order: preEnqueue; preFilter, filter, postFilter, preScore, score, reserve, permit,
 *   preBind, bind, postBind; unreserve, in reverse order, when the attempt fails after reserve.
 * - Filter and score take all candidate nodes at once. Filter is asked about nodes that the core lets through.
 * - `concerns` is asked once an attempt and must be cheap: a pod that no plugin in TypeScript is concerned with is
 *   decided by the core in one call, and none of them is asked anything.
 * - Answers that reject or throw are an `Error` of this pod alone.
 * - Not promised: that unreserve follows a reserve that was asked, or that an attempt comes to its end.
 */
export interface SchedulerPlugin {
  readonly name: string;
  /** What may make a pod fit that this plugin has refused. Without any, every event is taken for one. */
  readonly hints?: readonly QueueingHint[];
  concerns(pod: Pod): boolean;
  /** `Success` lets the pod into the queue. */
  preEnqueue?(pod: Pod): Answer<Verdict>;
  preFilter?(cycle: Cycle): Answer<PreFilterAnswer>;
  /** The nodes that are refused, each with why. */
  filter?(cycle: Cycle, nodes: readonly string[]): Answer<ReadonlyMap<string, Verdict>>;
  /** No node fits: a node that is to be made room on, or undefined. */
  postFilter?(cycle: Cycle): Answer<{ readonly verdict: Verdict; readonly node?: string }>;
  preScore?(cycle: Cycle, nodes: readonly string[]): Answer<Verdict>;
  /** A number for each node, in their order, from 0 to 100 after normalisation; the weight is multiplied in later. */
  score?(cycle: Cycle, nodes: readonly string[]): Answer<readonly number[]>;
  reserve?(cycle: Cycle, node: string): Answer<Verdict>;
  unreserve?(cycle: Cycle, node: string): Answer<void>;
  permit?(cycle: Cycle, node: string): Answer<PermitAnswer>;
  /** Whether preBind will have work to do; the pod's nominatedNodeName is written before it. */
  preBindWorks?(cycle: Cycle, node: string): boolean;
  preBind?(cycle: Cycle, node: string): Answer<Verdict>;
  /** `Skip` leaves the pod to the next. */
  bind?(cycle: Cycle, node: string): Answer<Verdict>;
  postBind?(cycle: Cycle, node: string): Answer<void>;
}
