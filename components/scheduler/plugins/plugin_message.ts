import type { LabelSelector, Node, Pod } from "../../api/mod.ts";
import type { Verdict } from "../framework/mod.ts";
import type { OwnPoint } from "./own_plugin.ts";

/** What a module says of itself when it is loaded. */
export interface PluginDescription {
  readonly name: string;
  readonly points: readonly OwnPoint[];
  readonly podSelector?: LabelSelector;
  readonly events?: readonly { readonly resource: string; readonly actions: readonly string[] }[];
}

export type PluginQuestion = OwnPoint | "unreserve";

/** To the worker. Structured clones: nothing is shared. */
export type ToPlugin =
  | { readonly op: "load"; readonly url: string }
  | {
    readonly op: "create";
    readonly profile: string;
    readonly args: Readonly<Record<string, unknown>>;
  }
  | { readonly op: "node"; readonly name: string; readonly node: Node | undefined }
  | { readonly op: "ping"; readonly call: number }
  | {
    readonly op: "ask";
    readonly call: number;
    readonly point: PluginQuestion;
    readonly profile: string;
    /** The attempt, for what is carried through it. */
    readonly attempt: string;
    readonly pod: Pod;
    /** One for reserve and what follows, the candidates for filter and score. */
    readonly nodes: readonly string[];
  };

/** From the worker. */
export type FromPlugin =
  | { readonly event: "loaded"; readonly description: PluginDescription }
  | { readonly event: "failed"; readonly message: string }
  | { readonly event: "answer"; readonly call: number; readonly answer: PluginAnswer }
  | { readonly event: "wrong"; readonly call: number; readonly message: string }
  | { readonly event: "allow"; readonly profile: string; readonly uid: string }
  | {
    readonly event: "reject";
    readonly profile: string;
    readonly uid: string;
    readonly reason: string;
  }
  | { readonly event: "activate"; readonly profile: string; readonly key: string };

/** Everything that any point can answer. */
export interface PluginAnswer {
  readonly verdict: Verdict;
  /** preFilter: what is looked at. postFilter: the one node. */
  readonly nodes?: readonly string[];
  /** filter. */
  readonly refused?: readonly (readonly [string, Verdict])[];
  readonly scores?: readonly number[];
  readonly timeoutMilliseconds?: number;
}
