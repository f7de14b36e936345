import { invariant } from "../base/mod.ts";
import type { LabelSelector, NodeSelectorRequirement, NodeSelectorTerm } from "../api/mod.ts";
import type { Interner } from "./interner.ts";

/** Numbers that one message may have; the core refuses more. */
const NUMBERS_MAXIMUM = 4 << 20;

const OPERATORS: Readonly<Record<string, number>> = {
  In: 1,
  NotIn: 2,
  Exists: 3,
  DoesNotExist: 4,
  Gt: 5,
  Lt: 6,
};

/** A whole number as `Gt` and `Lt` read it; not a number otherwise. */
export function wholeNumber(text: string): number {
  // Most values start with a letter.
  const first = text.charCodeAt(0);
  if (first > 57 || text.length > 19) return NaN;
  return /^[+-]?\d{1,18}$/.test(text) ? Number(text) : NaN;
}

/** Writes a message number by number into memory that is kept for the next one. */
export class CoreWriter {
  readonly interner: Interner;
  #numbers = new Float64Array(1024);
  #length = 0;

  constructor(interner: Interner) {
    this.interner = interner;
  }

  get length(): number {
    return this.#length;
  }

  /** Begins a new message. */
  clear(): void {
    this.#length = 0;
  }

  /** The message so far; valid until the next number is written. */
  message(): Float64Array {
    return this.#numbers.subarray(0, this.#length);
  }

  number(value: number): void {
    if (this.#length === this.#numbers.length) this.#grow();
    this.#numbers[this.#length++] = value;
  }

  flag(value: boolean): void {
    this.number(value ? 1 : 0);
  }

  /** Overwrites a number that was written before. */
  set(at: number, value: number): void {
    this.#numbers[at] = value;
  }

  text(value: string): void {
    this.number(this.interner.of(value));
  }

  texts(values: readonly string[]): void {
    this.number(values.length);
    for (const value of values) this.text(value);
  }

  all(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) this.number(values[i]!);
  }

  /** Leaves room for a count, to be set when the items are known. */
  room(): number {
    this.number(0);
    return this.#length - 1;
  }

  nodeTerms(terms: readonly NodeSelectorTerm[]): void {
    this.number(terms.length);
    for (const term of terms) this.nodeTerm(term);
  }

  nodeTerm(term: NodeSelectorTerm): void {
    this.#requirements(term.matchExpressions ?? []);
    this.#requirements(term.matchFields ?? []);
  }

  #requirements(requirements: readonly NodeSelectorRequirement[]): void {
    this.number(requirements.length);
    for (const requirement of requirements) {
      const values = requirement.values ?? [];
      this.text(requirement.key ?? "");
      this.number(OPERATORS[requirement.operator ?? ""] ?? 0);
      this.texts(values);
      this.number(values.length === 1 ? wholeNumber(values[0]!) : NaN);
    }
  }

  /** A label selector with more requirements that must hold too; undefined matches nothing. */
  selector(selector: LabelSelector | undefined, more: readonly PodRequirement[] = []): void {
    if (selector === undefined) return this.number(0);
    this.number(1);
    const count = this.room();
    let written = 0;
    for (const key in selector.matchLabels) {
      this.text(key);
      this.number(OPERATORS["In"]!);
      this.number(1);
      this.text(selector.matchLabels[key]!);
      written++;
    }
    for (const requirement of selector.matchExpressions ?? []) {
      this.text(requirement.key ?? "");
      this.number(OPERATORS[requirement.operator ?? ""] ?? 0);
      this.texts(requirement.values ?? []);
      written++;
    }
    for (const { key, operator, value } of more) {
      this.text(key);
      this.number(OPERATORS[operator]!);
      this.number(1);
      this.text(value);
      written++;
    }
    this.set(count, written);
  }

  #grow(): void {
    invariant(this.#length < NUMBERS_MAXIMUM, "scheduler core: message too large");
    const larger = new Float64Array(this.#numbers.length * 2);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

/** A requirement that follows from a pod's own label. */
export interface PodRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn";
  readonly value: string;
}
