import type { KubeObject, MatchResources, ParamRef } from "../../../api/served.ts";
import type { ObjectReader } from "../../ports.ts";
import { ResourceMatcher } from "./match_resources.ts";

const GROUP = "admissionregistration.k8s.io";

interface BindingObject extends KubeObject {
  spec?: {
    policyName?: string;
    paramRef?: ParamRef;
    matchResources?: MatchResources;
    validationActions?: string[];
  };
}

export interface Binding {
  readonly name: string;
  readonly policyName: string;
  readonly paramRef: ParamRef | undefined;
  readonly matcher: ResourceMatcher | undefined;
  readonly actions: readonly string[];
}

/** A policy with what binds it. */
export interface Bound<P> {
  readonly policy: P;
  readonly bindings: readonly Binding[];
}

/** Policies that are bound, kept up to date by changes of policies and bindings. Both in the order of their names. */
export class PolicyIndex<P> {
  readonly #make: (object: KubeObject) => P;
  readonly #policies = new Map<string, P>();
  readonly #bindings = new Map<string, Binding>();
  #all: readonly Bound<P>[] = [];
  readonly #started = Promise.withResolvers<void>();
  #following = false;

  constructor(make: (object: KubeObject) => P) {
    this.#make = make;
  }

  get all(): readonly Bound<P>[] {
    return this.#all;
  }

  /** True where no request has to ask. Before the start nobody knows. */
  get idle(): boolean {
    return this.#following && this.#all.length === 0;
  }

  /** Resolves once what is configured is known: no request passes by it because the server has just begun. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Follows `<resource>` and `<bindings>`; returns the end of it. */
  start(reader: ObjectReader, resource: string, bindings: string): () => void {
    const follow = (
      of: string,
      put: (object: KubeObject) => void,
      drop: (name: string) => void,
    ) => {
      const end = reader.onChange(GROUP, of, ({ current, previous }) => {
        if (current === undefined) drop(previous?.metadata?.name ?? "");
        else put(current);
        this.#arrange();
      });
      for (const each of reader.list(GROUP, of)) put(each);
      return end;
    };
    const ends = [
      follow(
        resource,
        (object) => this.#policies.set(object.metadata?.name ?? "", this.#make(object)),
        (name) => this.#policies.delete(name),
      ),
      follow(
        bindings,
        (object) => this.#bindings.set(object.metadata?.name ?? "", bindingOf(object)),
        (name) => this.#bindings.delete(name),
      ),
    ];
    this.#arrange();
    this.#begin();
    return () => ends.forEach((end) => end());
  }

  #begin(): void {
    this.#following = true;
    this.#started.resolve();
  }

  #arrange(): void {
    const bound = new Map<string, Binding[]>();
    for (const [, binding] of [...this.#bindings].sort(byName)) {
      const known = bound.get(binding.policyName);
      if (known === undefined) bound.set(binding.policyName, [binding]);
      else known.push(binding);
    }
    this.#all = [...this.#policies].sort(byName).flatMap(([name, policy]) => {
      const bindings = bound.get(name);
      return bindings === undefined ? [] : [{ policy, bindings }];
    });
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

function bindingOf({ metadata, spec = {} }: BindingObject): Binding {
  return {
    name: metadata?.name ?? "",
    policyName: spec.policyName ?? "",
    paramRef: spec.paramRef,
    matcher: spec.matchResources === undefined
      ? undefined
      : new ResourceMatcher(spec.matchResources),
    actions: spec.validationActions ?? [],
  };
}
