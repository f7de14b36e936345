import { type Clock, parseDuration } from "../../base/mod.ts";
import type { Node, Pod } from "../../api/mod.ts";
import type { Fetch } from "../../client/mod.ts";
import type { ExtenderConfiguration } from "../config/mod.ts";
import type { Extender, ExtenderFilter, ExtenderVictims } from "./extender.ts";
import type {
  ExtenderBindingArgs,
  ExtenderBindingResult,
  ExtenderFilterResult,
  ExtenderPreemptionArgs,
  ExtenderPreemptionResult,
  HostPriority,
} from "./extender_message.ts";

export interface HttpExtenderOptions {
  readonly configuration: ExtenderConfiguration;
  /** Over TLS as the configuration says. */
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** The Node object, for extenders that keep none themselves. */
  nodeOf(name: string): Node | undefined;
  /** A pod's object by its uid, as far as it is known: for extenders that keep none themselves. */
  podOf(uid: string): Pod | undefined;
}

/** An extender gives a node 0 to 10, a plugin 0 to 100. */
const POINTS = 10;
/** An answer may be so large; a larger one is an error. */
const ANSWER_MAXIMUM_BYTES = 64 * 1024 * 1024;

/** An extender over HTTP, as kube-scheduler speaks with it. */
export class HttpExtender implements Extender {
  readonly name: string;
  readonly isIgnorable: boolean;
  readonly filters: boolean;
  readonly prioritizes: boolean;
  readonly binds: boolean;
  readonly preempts: boolean;
  readonly #options: HttpExtenderOptions;
  readonly #managed: ReadonlySet<string>;
  readonly #timeoutMilliseconds: number;

  constructor(options: HttpExtenderOptions) {
    const { configuration } = options;
    this.#options = options;
    this.name = configuration.urlPrefix;
    this.isIgnorable = configuration.ignorable === true;
    const has = (verb: string | undefined) => verb !== undefined && verb !== "";
    this.filters = has(configuration.filterVerb);
    this.prioritizes = has(configuration.prioritizeVerb);
    this.binds = has(configuration.bindVerb);
    this.preempts = has(configuration.preemptVerb);
    this.#managed = new Set((configuration.managedResources ?? []).map(({ name }) => name));
    this.#timeoutMilliseconds = parseDuration(configuration.httpTimeout ?? "5s");
  }

  /** All pods where no resources are managed; else those that ask for one of them. */
  concerns(pod: Pod): boolean {
    if (this.#managed.size === 0) return true;
    const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
    return containers.some(({ resources }) =>
      [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})]
        .some((name) => this.#managed.has(name))
    );
  }

  async filter(pod: Pod, nodes: readonly string[]): Promise<ExtenderFilter> {
    const { filterVerb = "" } = this.#options.configuration;
    const result = await this.#post<ExtenderFilterResult>(filterVerb, this.#args(pod, nodes));
    const wrong = result?.Error ?? "";
    if (wrong !== "") throw new Error(wrong);
    const { FailedAndUnresolvableNodes, FailedNodes, NodeNames, Nodes } = result ?? {};
    const isCached = this.#options.configuration.nodeCacheCapable === true;
    const named = isCached && Array.isArray(NodeNames)
      ? NodeNames
      : Nodes?.items?.map(({ metadata }) => metadata?.name ?? "") ?? [];
    const asked = new Set(nodes);
    const stray = named.find((name) => !asked.has(name));
    if (stray !== undefined) {
      throw new Error(
        `extender ${JSON.stringify(this.name)} claims a filtered node ${
          JSON.stringify(stray)
        } which is not found in the input node list`,
      );
    }
    return {
      feasible: named,
      failed: new Map(Object.entries(FailedNodes ?? {})),
      unresolvable: new Map(Object.entries(FailedAndUnresolvableNodes ?? {})),
    };
  }

  async prioritize(pod: Pod, nodes: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { prioritizeVerb = "", weight = 1 } = this.#options.configuration;
    const list = await this.#post<readonly HostPriority[]>(prioritizeVerb, this.#args(pod, nodes));
    if (!Array.isArray(list)) throw new Error(`extender ${this.name} answered no list`);
    return new Map(
      (list as readonly HostPriority[]).flatMap(({ Host, Score }) =>
        typeof Host === "string" && Number.isFinite(Score) ? [[Host, Score * weight * POINTS]] : []
      ),
    );
  }

  async bind(pod: Pod, node: string): Promise<void> {
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const args: ExtenderBindingArgs = {
      PodName: name,
      PodNamespace: namespace,
      PodUID: uid,
      Node: node,
    };
    const { bindVerb = "" } = this.#options.configuration;
    const result = await this.#post<ExtenderBindingResult>(bindVerb, args);
    if ((result?.Error ?? "") !== "") throw new Error(result.Error);
  }

  async preempt(
    pod: Pod,
    victims: ReadonlyMap<string, ExtenderVictims>,
  ): Promise<ReadonlyMap<string, ExtenderVictims>> {
    const { nodeCacheCapable, preemptVerb = "" } = this.#options.configuration;
    const args: ExtenderPreemptionArgs = nodeCacheCapable === true
      ? {
        Pod: pod,
        NodeNameToMetaVictims: mapped(victims, ({ uids, violations }) => ({
          Pods: uids.map((UID) => ({ UID })),
          NumPDBViolations: violations,
        })),
      }
      : {
        Pod: pod,
        NodeNameToVictims: mapped(victims, ({ uids, violations }) => ({
          Pods: uids.map((uid) => this.#options.podOf(uid) ?? { metadata: { uid } }),
          NumPDBViolations: violations,
        })),
      };
    const result = await this.#post<ExtenderPreemptionResult>(preemptVerb, args);
    return new Map(
      Object.entries(result?.NodeNameToMetaVictims ?? {}).map(([node, meta]) => [node, {
        uids: (meta.Pods ?? []).map(({ UID }) => UID),
        violations: meta.NumPDBViolations ?? 0,
      }]),
    );
  }

  #args(Pod: Pod, nodes: readonly string[]) {
    if (this.#options.configuration.nodeCacheCapable === true) return { Pod, NodeNames: nodes };
    return { Pod, Nodes: { items: nodes.flatMap((name) => this.#options.nodeOf(name) ?? []) } };
  }

  async #post<R>(verb: string, body: unknown): Promise<R> {
    const url = `${this.#options.configuration.urlPrefix.replace(/\/+$/, "")}/${verb}`;
    const abort = new AbortController();
    const timer = this.#options.clock.after(this.#timeoutMilliseconds, () => {
      abort.abort(new Error("the extender did not answer in time"));
    });
    try {
      const response = await this.#options.fetch(
        new Request(url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
          signal: abort.signal,
        }),
      );
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new Error(
          `failed ${verb} with extender at URL ${this.name}, code ${response.status}`,
        );
      }
      return JSON.parse(await boundedText(response)) as R;
    } finally {
      timer.cancel();
    }
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) throw new Error("the extender's answer is too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function mapped<V, R>(map: ReadonlyMap<string, V>, of: (value: V) => R): Record<string, R> {
  return Object.fromEntries([...map].map(([key, value]) => [key, of(value)]));
}
