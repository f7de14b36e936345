import { equalJson } from "../../../base/mod.ts";
import type { KubeObject } from "../../../api/served.ts";
import type { AdmissionRequest, AdmissionRounds } from "../../ports.ts";

/**
 * What a plugin with parts that may be called twice (webhooks, mutating policies) remembers of one request. Parts that
 * ask for it and were called before something changed are called again in the second round, no matter what changed it.
 */
export class Reinvocation {
  readonly #rounds: AdmissionRounds;
  /** Called since the last change, and would be called again after the next. */
  #called = new Set<string>();
  #again = new Set<string>();
  #output: KubeObject | undefined;
  #ended = false;

  constructor(rounds: AdmissionRounds) {
    this.#rounds = rounds;
  }

  get round(): number {
    return this.#rounds.second ? 1 : 0;
  }

  begin(object: KubeObject | undefined): void {
    if (this.#rounds.second && this.#ended && !equalJson(object, this.#output)) this.#require();
  }

  end(object: KubeObject | undefined): void {
    this.#ended = true;
    this.#output = object === undefined ? undefined : structuredClone(object);
  }

  /** False in the second round for those that need not be called again. */
  wants(id: string): boolean {
    return !this.#rounds.second || this.#again.has(id);
  }

  /** One that may be called again was called. */
  called(id: string): void {
    this.#called.add(id);
  }

  /** One has changed the object. */
  changed(): void {
    this.#require();
    this.#rounds.again = true;
  }

  #require(): void {
    for (const id of this.#called) this.#again.add(id);
    this.#called = new Set();
  }
}

/** The memory of one plugin in one request. */
export function reinvocationOf(request: AdmissionRequest, plugin: unknown): Reinvocation {
  const rounds = request.rounds ??= { second: false, again: false, memory: new Map() };
  let known = rounds.memory.get(plugin) as Reinvocation | undefined;
  if (known === undefined) rounds.memory.set(plugin, known = new Reinvocation(rounds));
  return known;
}
