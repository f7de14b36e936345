import type { LabelSelector, Node, Pod, PodSpec, Taint } from "../api/mod.ts";
import {
  type CoreBudget,
  type CoreProfile,
  type PodExtras,
  SCORE_PLUGINS,
  type ScorePlugin,
  type VolumeUse,
} from "./core_contract.ts";
import { NOMINATE, placePod, PUT_NAMESPACE, PUT_POD, putPod } from "./core_message.ts";
import { putNode } from "./core_node_message.ts";
import { writeProfiles } from "./core_profile_message.ts";
import { CoreWriter } from "./core_writer.ts";
import { Interner } from "./interner.ts";

/** A node of a case: 4 CPUs, 8 GiB and 110 pods unless it says otherwise. */
export interface CaseNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly allocatable?: Readonly<Record<string, string>>;
  /** Bytes by name. */
  readonly images?: Readonly<Record<string, number>>;
  readonly features?: readonly string[];
  readonly attachLimits?: Readonly<Record<string, number>>;
}

/** A pod of a case: one container with these requests; `spec` adds to it. */
export interface CasePod {
  /** Where it is, or with `nominated` is expected. */
  readonly node?: string;
  readonly nominated?: boolean;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
  readonly spec?: Partial<PodSpec>;
  readonly status?: Pod["status"];
  readonly terminating?: boolean;
  readonly volumes?: readonly VolumeUse[];
}

/**
 * What each node is to the pod: `{}` or scores (normalised, times weight; null: the plugin is left out) where it is
 * feasible, else `U: reasons` or, where removing pods cannot help, `UR: reasons`.
 */
export type CaseVerdict = string | Readonly<Partial<Record<ScorePlugin, number | null>>>;

export interface CoreCase {
  readonly name: string;
  readonly profile?: Omit<CoreProfile, "name">;
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly nodes: readonly CaseNode[];
  readonly pods?: readonly CasePod[];
  readonly pod: CasePod;
  readonly extras?: Omit<PodExtras, "defaultSelector"> & {
    readonly defaultSelector?: LabelSelector;
  };
  readonly expect: Readonly<Record<string, CaseVerdict>>;
  /** What the filters leave, where it is not all nodes that could be. */
  readonly feasible?: readonly string[];
  readonly chosen?: string;
  /** Preemption: each candidate's victims by their number among `pods`, from 1, and the chosen node. */
  readonly victims?: Readonly<Record<string, readonly number[]>>;
  readonly preempted?: string;
  /** Budgets: what each allows, and the pods that it covers. */
  readonly budgets?: readonly { readonly allowed: number; readonly pods: readonly number[] }[];
  readonly disruptionBudgets?: readonly CoreBudget[];
  readonly violations?: Readonly<Record<string, number>>;
}

export function caseNode(node: CaseNode): Node {
  return {
    metadata: { name: node.name, labels: { ...node.labels } },
    spec: { unschedulable: node.unschedulable ?? false, taints: [...node.taints ?? []] },
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110", ...node.allocatable },
      images: Object.entries(node.images ?? {}).map(([name, sizeBytes]) => ({
        names: [name],
        sizeBytes,
      })),
      declaredFeatures: [...node.features ?? []],
    },
  };
}

export function casePod(pod: CasePod): Pod {
  return {
    metadata: {
      name: "p",
      namespace: pod.namespace ?? "default",
      labels: { ...pod.labels },
      ...(pod.terminating === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: {
      containers: [{
        name: "c",
        image: "web:1",
        resources: { requests: { ...pod.requests } },
      }],
      ...pod.spec,
    },
    ...(pod.status === undefined ? {} : { status: pod.status }),
  };
}

/** The handle of the pod that a case places. */
export const PLACED = 1000;

export function caseProfile(item: CoreCase): CoreProfile {
  return { ...item.profile, name: "default-scheduler" };
}

/**
 * The case as lines of a word and numbers, for a reader that knows nothing of Kubernetes' objects: `wasm/tests/cases.rs`
 * runs these natively.
 */
export function caseLines(title: string, item: CoreCase, reasons: CaseReasons): string[] {
  const interner = new Interner();
  const out = new CoreWriter(interner);
  const lines: string[] = [`case ${title}`];
  const line = (word: string, write: () => void) => {
    out.clear();
    write();
    lines.push([word, ...out.message()].join(" "));
  };
  const profile = caseProfile(item);
  line("configure", () => writeProfiles(out, [profile]));
  for (const [name, labels] of Object.entries(item.namespaces ?? {})) {
    line("apply", () => {
      out.number(PUT_NAMESPACE);
      out.text(name);
      out.number(Object.keys(labels).length);
      for (const [key, value] of Object.entries(labels)) {
        out.text(key);
        out.text(value);
      }
    });
  }
  for (const node of item.nodes) {
    line("apply", () => putNode(out, caseNode(node), node.attachLimits));
  }
  item.pods?.forEach((pod, i) =>
    line("apply", () =>
      putPod(
        out,
        pod.nominated === true ? NOMINATE : PUT_POD,
        i + 1,
        pod.node ?? "",
        casePod(pod),
        pod.volumes ?? [],
      ))
  );
  line("pod", () => placePod(out, PLACED, casePod(item.pod), item.extras ?? {}, profile, 0));
  for (const [name, verdict] of Object.entries(item.expect)) {
    const node = interner.of(name);
    if (typeof verdict === "string") {
      const [code = "", text = ""] = verdict.split(/: (.*)/s);
      lines.push(`refused ${node} ${code === "UR" ? 1 : 0} ${reasons(text).join(" ")}`);
      continue;
    }
    lines.push(`feasible ${node}`);
    for (const [plugin, score] of Object.entries(verdict)) {
      const index = SCORE_PLUGINS.indexOf(plugin as ScorePlugin);
      lines.push(`score ${node} ${index} ${score ?? NaN}`);
    }
  }
  if (item.chosen !== undefined) lines.push(`chosen ${interner.of(item.chosen)}`);
  return lines;
}

/** The numbers of joined reasons. */
export type CaseReasons = (text: string) => readonly number[];
