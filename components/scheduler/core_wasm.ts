import { invariant } from "../base/mod.ts";
import type { Node, NodeSelectorTerm, Pod } from "../api/mod.ts";
import { Core as WasmCore } from "../../wasm/pkg/core.js";
import { memory } from "../../wasm/pkg/core_bg.wasm";
import { CoreAnswers } from "./core_answers.ts";
import { EncodedMessage } from "./core_encoded.ts";
import type {
  CoreProfile,
  Decision,
  EncodedPod,
  FilterResult,
  PodExtras,
  Preemption,
  PreemptOptions,
  SchedulerCore,
  ScoreResult,
  Verdict,
  VolumeUse,
} from "./core_contract.ts";
import {
  DENOMINATE,
  NOMINATE,
  placePod,
  PUT_NAMESPACE,
  PUT_POD,
  putPod,
  REMOVE_NAMESPACE,
  REMOVE_POD,
} from "./core_message.ts";
import { putNode, removeNode } from "./core_node_message.ts";
import { writePreemptOptions } from "./core_preempt_message.ts";
import { writeProfiles } from "./core_profile_message.ts";
import { CoreWriter } from "./core_writer.ts";
import { Interner } from "./interner.ts";

const LAYOUT = 6;
const DEFAULT_PROFILE: CoreProfile = { name: "default-scheduler" };
const NONE: readonly never[] = [];
const NO_EXTRAS: PodExtras = {};

/** The core in WebAssembly. */
export class Core implements SchedulerCore {
  readonly #core: WasmCore;
  readonly #out: CoreWriter;
  readonly #answers: CoreAnswers;
  #profiles: readonly CoreProfile[] = [];
  readonly #profileOf = new Map<string, number>();
  /** The module's memory as numbers; made anew when growing has detached it. */
  #memory = new Float64Array(0);

  /** `strings`: how many are kept before those that are not needed any more are looked for. */
  constructor(strings?: number) {
    invariant(WasmCore.layout() === LAYOUT, "the module speaks another message layout");
    this.#core = new WasmCore();
    const interner = new Interner(strings);
    this.#out = new CoreWriter(interner);
    this.#answers = new CoreAnswers((number) => interner.text(number));
    this.configure([DEFAULT_PROFILE]);
  }

  get nodes(): number {
    return this.#core.nodes();
  }

  /** Memory of the module, which all cores of the process share; it never shrinks. */
  get memoryBytes(): number {
    return (memory as unknown as { buffer: ArrayBuffer }).buffer.byteLength;
  }

  /** Strings that are kept. */
  get strings(): number {
    return this.#out.interner.size;
  }

  configure(profiles: readonly CoreProfile[]): void {
    invariant(profiles.length > 0, "a scheduler has a profile");
    this.#profiles = profiles;
    this.#profileOf.clear();
    profiles.forEach(({ name }, index) => this.#profileOf.set(name, index));
    this.#out.clear();
    writeProfiles(this.#out, profiles);
    this.#send(this.#out.message());
    expectEmpty(this.#core.configure());
  }

  putNode(node: Node, attachLimits?: Readonly<Record<string, number>>): void {
    this.#delta((out) => putNode(out, node, attachLimits));
  }

  removeNode(name: string): void {
    this.#delta((out) => removeNode(out, name));
  }

  putPod(handle: number, node: string, pod: Pod, volumes: readonly VolumeUse[] = NONE): void {
    this.#delta((out) => putPod(out, PUT_POD, handle, node, pod, volumes));
  }

  nominate(handle: number, node: string, pod: Pod, volumes: readonly VolumeUse[] = NONE): void {
    this.#delta((out) => putPod(out, NOMINATE, handle, node, pod, volumes));
  }

  removePod(handle: number): void {
    this.apply([REMOVE_POD, handle]);
  }

  denominate(handle: number): void {
    this.apply([DENOMINATE, handle]);
  }

  putNamespace(name: string, labels: Readonly<Record<string, string>>): void {
    this.#delta((out) => {
      const keys = Object.keys(labels);
      out.number(PUT_NAMESPACE);
      out.text(name);
      out.number(keys.length);
      for (const key of keys) {
        out.text(key);
        out.text(labels[key]!);
      }
    });
  }

  removeNamespace(name: string): void {
    this.#delta((out) => {
      out.number(REMOVE_NAMESPACE);
      out.text(name);
    });
  }

  /** Deltas as they go over the boundary. */
  apply(deltas: readonly number[]): void {
    this.#send(deltas);
    expectEmpty(this.#core.apply());
  }

  assume(pod: EncodedPod, node: string): void {
    this.#send(this.#numbersOf(pod));
    expectEmpty(this.#core.assume(this.#out.interner.of(node)));
  }

  encode(handle: number, pod: Pod, extras: PodExtras = NO_EXTRAS): EncodedPod {
    this.#begin();
    return new EncodedMessage(handle, pod, extras, this.#out.interner.generation, this.#write);
  }

  schedule(pod: EncodedPod): Decision {
    this.#send(this.#numbersOf(pod));
    return this.#answers.decision(this.#receive(this.#core.schedule()));
  }

  filter(pod: EncodedPod): FilterResult {
    this.#send(this.#numbersOf(pod));
    // What is refused is decoded later, when this memory is another answer's.
    return this.#answers.filter(this.#receive(this.#core.filter()).slice());
  }

  score(pod: EncodedPod, names: readonly string[]): ScoreResult {
    const out = this.#out;
    const numbers = this.#numbersOf(pod);
    out.clear();
    out.texts(names);
    const options = out.length;
    out.all(numbers);
    this.#send(out.message());
    return this.#answers.score(this.#receive(this.#core.score(options)));
  }

  explain(pod: EncodedPod): Verdict[] {
    this.#send(this.#numbersOf(pod));
    return this.#answers.explain(this.#receive(this.#core.explain()));
  }

  preempt(pod: EncodedPod, options: PreemptOptions = {}): Preemption {
    const out = this.#out;
    const numbers = this.#numbersOf(pod);
    out.clear();
    writePreemptOptions(out, options);
    const length = out.length;
    out.all(numbers);
    this.#send(out.message());
    return this.#answers.preempt(this.#receive(this.#core.preempt(length)));
  }

  matching(terms: readonly NodeSelectorTerm[]): string[] {
    this.#out.clear();
    this.#out.nodeTerms(terms);
    this.#send(this.#out.message());
    const found = this.#receive(this.#core.matching());
    return Array.from(found.subarray(1), (name) => this.#out.interner.text(name));
  }

  end(): void {
    this.#core.free();
  }

  /** Begins a message: at no other time may strings get other numbers. */
  #begin(): void {
    const interner = this.#out.interner;
    if (interner.sweepIsDue) {
      const needed = this.#receive(this.#core.needed(interner.bound));
      interner.sweep(needed.subarray(1));
    }
    this.#out.clear();
  }

  readonly #write = ({ extras, handle, pod }: EncodedMessage): Float64Array => {
    const index = this.#profileOf.get(pod.spec?.schedulerName ?? "") ?? 0;
    this.#out.clear();
    placePod(this.#out, handle, pod, extras, this.#profiles[index]!, index);
    return this.#out.message().slice();
  };

  #numbersOf(pod: EncodedPod): Float64Array {
    return pod instanceof EncodedMessage ? pod.at(this.#out.interner.generation) : pod.numbers;
  }

  #delta(write: (out: CoreWriter) => void): void {
    this.#begin();
    write(this.#out);
    this.#send(this.#out.message());
    expectEmpty(this.#core.apply());
  }

  #send(message: ArrayLike<number>): void {
    const pointer = this.#core.reserve(message.length);
    invariant(pointer !== 0, "scheduler core: message too large");
    this.#view().set(message, pointer / Float64Array.BYTES_PER_ELEMENT);
  }

  #receive(length: number): Float64Array {
    invariant(length > 0, "scheduler core: malformed message");
    const start = this.#core.output() / Float64Array.BYTES_PER_ELEMENT;
    return this.#view().subarray(start, start + length);
  }

  #view(): Float64Array {
    if (this.#memory.length === 0) {
      this.#memory = new Float64Array((memory as unknown as { buffer: ArrayBuffer }).buffer);
    }
    return this.#memory;
  }
}

function expectEmpty(wrong: string): void {
  invariant(wrong === "", `scheduler core: ${wrong}`);
}
