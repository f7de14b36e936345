import type { Node, Pod } from "../../api/mod.ts";

/** What goes between the scheduler and an extender: JSON with Go's names, without apiVersion and kind. */
export interface ExtenderArgs {
  readonly Pod: Pod;
  readonly Nodes?: { readonly items: readonly Node[] };
  readonly NodeNames?: readonly string[];
}

export interface ExtenderFilterResult {
  readonly Nodes?: { readonly items?: readonly Node[] | null } | null;
  readonly NodeNames?: readonly string[] | null;
  readonly FailedNodes?: Readonly<Record<string, string>> | null;
  readonly FailedAndUnresolvableNodes?: Readonly<Record<string, string>> | null;
  readonly Error?: string;
}

export interface HostPriority {
  readonly Host: string;
  readonly Score: number;
}

export interface ExtenderBindingArgs {
  readonly PodName: string;
  readonly PodNamespace: string;
  readonly PodUID: string;
  readonly Node: string;
}

export interface ExtenderBindingResult {
  readonly Error?: string;
}

export interface MetaVictims {
  readonly Pods?: readonly { readonly UID: string }[] | null;
  readonly NumPDBViolations?: number;
}

export interface ExtenderPreemptionArgs {
  readonly Pod: Pod;
  readonly NodeNameToVictims?: Readonly<
    Record<string, { readonly Pods: readonly Pod[]; readonly NumPDBViolations: number }>
  >;
  readonly NodeNameToMetaVictims?: Readonly<Record<string, MetaVictims>>;
}

export interface ExtenderPreemptionResult {
  readonly NodeNameToMetaVictims?: Readonly<Record<string, MetaVictims>> | null;
}
