import { ENDPOINT_SLICES, type EndpointSlice } from "../api/mod.ts";
import type { Clock, Logger } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { Informer } from "../reconcile/mod.ts";

const SERVICE_LABEL = "kubernetes.io/service-name";
const NOWHERE: ReadonlySet<string> = new Set();

/** Where a slice's endpoints are that take requests. */
interface Places {
  /** `namespace/name` of its Service. */
  readonly service: string;
  readonly nodes: readonly string[];
}

/** Which nodes have endpoints of a Service: for those whose traffic from outside stays on the node that it came to. */
export class LocalEndpoints {
  readonly #slices: Informer<EndpointSlice, Places>;
  /** By Service, the nodes of each of its slices. */
  readonly #places = new Map<string, Map<string, readonly string[]>>();

  /** Begins to follow; `onChange` hears of each Service whose endpoints have moved. */
  constructor(
    options: { readonly client: Client; readonly clock: Clock; readonly logger: Logger },
    signal: AbortSignal,
    onChange: (service: string) => void,
  ) {
    this.#slices = new Informer({ ...options, type: ENDPOINT_SLICES, project: placesOf });
    this.#slices.onChange(({ key, current, previous }) => {
      if (previous !== undefined && previous.service !== current?.service) {
        this.#set(previous.service, key, undefined);
        onChange(previous.service);
      }
      if (current === undefined) return;
      this.#set(current.service, key, current.nodes);
      onChange(current.service);
    });
    this.#slices.start(signal);
  }

  nodesOf(service: string): ReadonlySet<string> {
    const slices = this.#places.get(service);
    return slices === undefined ? NOWHERE : new Set([...slices.values()].flat());
  }

  #set(service: string, slice: string, nodes: readonly string[] | undefined): void {
    const slices = this.#places.get(service) ?? new Map<string, readonly string[]>();
    if (nodes === undefined) slices.delete(slice);
    else slices.set(slice, nodes);
    if (slices.size === 0) this.#places.delete(service);
    else this.#places.set(service, slices);
  }
}

function placesOf({ endpoints, metadata }: EndpointSlice): Places {
  const nodes = (endpoints ?? []).flatMap(({ conditions, nodeName }) => {
    const { ready = true, serving = ready, terminating = false } = conditions ?? {};
    return nodeName !== undefined && (ready || serving && terminating) ? [nodeName] : [];
  });
  const name = metadata?.labels?.[SERVICE_LABEL] ?? "";
  return { service: `${metadata?.namespace ?? ""}/${name}`, nodes: [...new Set(nodes)] };
}
