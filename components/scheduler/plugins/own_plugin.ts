/**
 * The interface of plugins of a user's own, version 1. A module is loaded at start (`coracle scheduler --plugin FILE,…`)
 * and asked in profiles that enable its name. It runs in a worker of its own: what it throws, or answers too late or
 * wrongly, is an error of the pod that it was asked about, and of no other.
 */
import type { LabelSelector, Node, Pod } from "../../api/mod.ts";

/** The points that such a plugin may extend. */
export const OWN_POINTS = [
  "preEnqueue",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
] as const;
export type OwnPoint = typeof OWN_POINTS[number];

/** The default export of a TypeScript module. */
export interface OwnPluginModule {
  readonly name: string;
  /** What `create` gives has a method of each of these names; `reserve` may have `unreserve` beside it. */
  readonly points: readonly OwnPoint[];
  /** Only pods that it selects are the plugin's; all others are decided as if it were not there. */
  readonly podSelector?: LabelSelector;
  /** What may help pods that it refuses; everything where not given. Names as in kube-scheduler's events. */
  readonly events?: readonly { readonly resource: string; readonly actions: readonly string[] }[];
  /** Once for each profile that enables it; `args` are those of the profile's pluginConfig. */
  create(args: Readonly<Record<string, unknown>>, handle: OwnPluginHandle): OwnPlugin;
}

/** What a plugin may do beside answering. */
export interface OwnPluginHandle {
  /** Lets a pod go on that waits at this plugin's permit. */
  allow(uid: string): void;
  reject(uid: string, reason: string): void;
  /** Tries a pod again at once; `namespace/name`. */
  activate(key: string): void;
}

/** `undefined` and `true` are success; a text refuses, as `{ code: "Unschedulable" }` does. */
export type OwnVerdict =
  | void
  | undefined
  | boolean
  | string
  | { readonly code: string; readonly reasons?: readonly string[] };

type Answer<T> = T | Promise<T>;

/** What is carried from one point to the next within one attempt. */
export type OwnState = Map<string, unknown>;

/** Every method may answer a promise. Objects are copies. */
export interface OwnPlugin {
  preEnqueue?(pod: Pod): Answer<OwnVerdict>;
  /** `nodes`: only these are looked at. */
  preFilter?(
    pod: Pod,
    state: OwnState,
  ): Answer<OwnVerdict | { readonly nodes: readonly string[] }>;
  filter?(pod: Pod, node: Node, state: OwnState): Answer<OwnVerdict>;
  /** The name of a node that room is being made on. */
  postFilter?(pod: Pod, state: OwnState): Answer<string | undefined>;
  preScore?(pod: Pod, nodes: readonly Node[], state: OwnState): Answer<OwnVerdict>;
  /** A whole number, from 0 to 100 unless `normalize` makes it one. */
  score?(pod: Pod, node: Node, state: OwnState): Answer<number>;
  normalize?(pod: Pod, scores: readonly number[]): Answer<readonly number[]>;
  reserve?(pod: Pod, node: string, state: OwnState): Answer<OwnVerdict>;
  unreserve?(pod: Pod, node: string, state: OwnState): Answer<void>;
  /** `waitSeconds`: the pod waits so long at most, 15 minutes and no more, until it is allowed. */
  permit?(
    pod: Pod,
    node: string,
    state: OwnState,
  ): Answer<OwnVerdict | { readonly waitSeconds: number }>;
  preBind?(pod: Pod, node: string, state: OwnState): Answer<OwnVerdict>;
  /** `{ code: "Skip" }` leaves the pod to the next binder. */
  bind?(pod: Pod, node: string, state: OwnState): Answer<OwnVerdict>;
  postBind?(pod: Pod, node: string, state: OwnState): Answer<void>;
}
