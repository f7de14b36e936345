import { invariant } from "../base/mod.ts";
import { Core as WasmCore } from "../../wasm/pkg/core.js";
import { memory } from "../../wasm/pkg/core_bg.wasm";
import type { Message } from "./core_message.ts";

const LAYOUT = 1;

/** Why nodes were refused: `reason` indexes the core's reasons, `detail` an interned resource. */
export interface RefusalCount {
  readonly reason: number;
  readonly detail: number;
  readonly unresolvable: boolean;
  readonly nodes: number;
}

export interface CoreDecision {
  /** The chosen node's interned name; undefined where no node is feasible. */
  readonly node: number | undefined;
  readonly evaluated: number;
  readonly feasible: number;
  readonly score: number;
  readonly refusals: readonly RefusalCount[];
  /** Refused nodes, by interned name, where removing pods might help. */
  readonly resolvable: readonly number[];
}

/** One node's verdict: the refusing filter's index with its reasons, or the weighted score of each scorer. */
export type CoreVerdict =
  | { readonly node: number; readonly scores: readonly (number | undefined)[] }
  | {
    readonly node: number;
    readonly filter: number;
    readonly reasons: readonly { readonly reason: number; readonly detail: number }[];
  };

export interface CorePlugin {
  readonly name: string;
  readonly weight: number;
}

/** The WebAssembly core: a snapshot that deltas keep, and decisions over it. */
export class Core {
  readonly #core: WasmCore;
  /** The plugins as the module lists them; scorers are those with a weight. */
  readonly plugins: readonly CorePlugin[];

  constructor() {
    invariant(WasmCore.layout() === LAYOUT, "the module speaks another message layout");
    this.#core = new WasmCore();
    this.plugins = WasmCore.plugins().split("\n").map((line: string) => {
      const [name = "", weight = "0"] = line.split(":");
      return { name, weight: Number(weight) };
    });
  }

  get nodes(): number {
    return this.#core.nodes();
  }

  apply(deltas: Message): void {
    if (deltas.length === 0) return;
    this.#send(deltas);
    const wrong = this.#core.apply();
    invariant(wrong === "", `scheduler core: ${wrong}`);
  }

  schedule(pod: Message): CoreDecision {
    this.#send(pod);
    const out = this.#receive(this.#core.schedule());
    const refusals: RefusalCount[] = [];
    let at = 5;
    for (let i = 0; i < out[4]!; i++, at += 4) {
      refusals.push({
        reason: out[at]!,
        detail: out[at + 1]!,
        unresolvable: out[at + 2] === 1,
        nodes: out[at + 3]!,
      });
    }
    const resolvable = [...out.subarray(at + 1, at + 1 + out[at]!)];
    return {
      node: out[0] === -1 ? undefined : out[0]!,
      evaluated: out[1]!,
      feasible: out[2]!,
      score: out[3]!,
      refusals,
      resolvable,
    };
  }

  explain(pod: Message): CoreVerdict[] {
    this.#send(pod);
    const out = this.#receive(this.#core.explain());
    const scorers = this.plugins.filter((plugin) => plugin.weight > 0).length;
    const verdicts: CoreVerdict[] = [];
    let at = 1;
    for (let i = 0; i < out[0]!; i++) {
      const node = out[at]!;
      const feasible = out[at + 1] === 1;
      at += 2;
      if (feasible) {
        const scores = [...out.subarray(at, at + scorers)].map((score) =>
          Number.isNaN(score) ? undefined : score
        );
        verdicts.push({ node, scores });
        at += scorers;
        continue;
      }
      const filter = out[at]!;
      const count = out[at + 1]!;
      at += 2;
      const reasons = [];
      for (let j = 0; j < count; j++, at += 2) {
        reasons.push({ reason: out[at]!, detail: out[at + 1]! });
      }
      verdicts.push({ node, filter, reasons });
    }
    return verdicts;
  }

  /** Frees the module's memory of this core. */
  end(): void {
    this.#core.free();
  }

  #send(message: Message): void {
    const pointer = this.#core.reserve(message.length);
    invariant(pointer !== 0, "scheduler core: message too large");
    // Growing detaches views: one is made for each message.
    new Float64Array((memory as unknown as { buffer: ArrayBuffer }).buffer, pointer, message.length)
      .set(message);
  }

  #receive(length: number): Float64Array {
    invariant(length > 0, "scheduler core: malformed message");
    return new Float64Array(
      (memory as unknown as { buffer: ArrayBuffer }).buffer,
      this.#core.output(),
      length,
    );
  }
}
