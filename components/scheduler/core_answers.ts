import {
  type Decision,
  FILTER_PLUGINS,
  type FilterResult,
  type NodeRefusal,
  type PreemptCandidate,
  type Preemption,
  type Refusal,
  SCORE_PLUGINS,
  type ScorePlugin,
  type ScoreResult,
  type Verdict,
} from "./core_contract.ts";
import { CONTRADICTION, reasonText } from "./message.ts";

/** Numbers of one refusal: filter, reason, detail, plugin, unresolvable. */
const REFUSAL_NUMBERS = 5;
const NONE: readonly never[] = [];

/** Reads the core's answers. */
export class CoreAnswers {
  readonly #text: (number: number) => string;

  /** `text`: an interned string. */
  constructor(text: (number: number) => string) {
    this.#text = text;
  }

  decision(answer: Float64Array): Decision {
    return {
      node: answer[0] === -1 ? undefined : this.#text(answer[0]!),
      evaluated: answer[1]!,
      feasible: answer[2]!,
      score: answer[3]!,
      preFilter: answer[4] === 1 ? CONTRADICTION : undefined,
      resolvable: answer[5]!,
      refusals: answer[6] === 0 ? NONE : this.#counts(answer, 6),
    };
  }

  /** `answer` must stay as it is. */
  filter(answer: Float64Array): FilterResult {
    const count = answer[2]!;
    const feasible: string[] = [];
    for (let i = 0; i < count; i++) feasible.push(this.#text(answer[3 + i]!));
    return {
      feasible,
      evaluated: answer[1]!,
      preFilter: answer[0] === 1 ? CONTRADICTION : undefined,
      refused: () => this.#refused(answer, 3 + count),
    };
  }

  score(answer: Float64Array): ScoreResult {
    const { names, columns } = this.#scores(answer);
    const scores: Partial<Record<ScorePlugin, Float64Array>> = {};
    const totals = new Float64Array(names.length);
    SCORE_PLUGINS.forEach((plugin, i) => {
      const column = columns[i];
      if (column === undefined) return;
      scores[plugin] = column.slice();
      for (let j = 0; j < totals.length; j++) totals[j]! += column[j]!;
    });
    return { names, scores, totals };
  }

  explain(answer: Float64Array): Verdict[] {
    const { names, columns, end } = this.#scores(answer);
    const verdicts: Verdict[] = names.map((node, i) => {
      const scores: Partial<Record<ScorePlugin, number>> = {};
      let total = 0;
      SCORE_PLUGINS.forEach((plugin, j) => {
        const score = columns[j]?.[i];
        if (score === undefined) return;
        scores[plugin] = score;
        total += score;
      });
      return { node, scores, total };
    });
    return verdicts.concat(this.#refused(answer, end));
  }

  preempt(answer: Float64Array): Preemption {
    const candidates: PreemptCandidate[] = [];
    let at = 1;
    for (let i = 0; i < answer[0]!; i++) {
      const victims = answer[at + 2]!;
      candidates.push({
        node: this.#text(answer[at]!),
        violations: answer[at + 1]!,
        victims: Array.from(answer.subarray(at + 3, at + 3 + victims)),
      });
      at += 3 + victims;
    }
    return { candidates, chosen: candidates[answer[at]!], refusals: this.#counts(answer, at + 1) };
  }

  #scores(answer: Float64Array): {
    names: string[];
    columns: (Float64Array | undefined)[];
    end: number;
  } {
    const count = answer[0]!;
    const names = Array.from(answer.subarray(1, 1 + count), (name) => this.#text(name));
    let at = 1 + count;
    const columns = SCORE_PLUGINS.map(() => {
      const says = answer[at++] === 1;
      if (!says) return undefined;
      at += count;
      return answer.subarray(at - count, at);
    });
    return { names, columns, end: at };
  }

  #refused(answer: Float64Array, start: number): NodeRefusal[] {
    const refused: NodeRefusal[] = [];
    let at = start + 1;
    for (let i = 0; i < answer[start]!; i++) {
      const node = this.#text(answer[at]!);
      const count = answer[at + 1]!;
      at += 2;
      const plugin = this.#plugin(answer, at);
      const reasons: string[] = [];
      let unresolvable = false;
      for (let j = 0; j < count; j++, at += REFUSAL_NUMBERS) {
        reasons.push(this.#reason(answer, at));
        unresolvable ||= answer[at + 4] === 1;
      }
      refused.push({ node, plugin, reasons, unresolvable });
    }
    return refused;
  }

  #counts(answer: Float64Array, start: number): Refusal[] {
    const refusals: Refusal[] = [];
    let at = start + 1;
    for (let i = 0; i < answer[start]!; i++, at += REFUSAL_NUMBERS + 1) {
      refusals.push({
        plugin: this.#plugin(answer, at),
        text: this.#reason(answer, at),
        unresolvable: answer[at + 4] === 1,
        nodes: answer[at + 5]!,
      });
    }
    return refusals;
  }

  #plugin(answer: Float64Array, at: number): string {
    const extra = answer[at + 3]!;
    return extra > 0 ? this.#text(extra) : FILTER_PLUGINS[answer[at]!] ?? "DefaultPreemption";
  }

  #reason(answer: Float64Array, at: number): string {
    return reasonText(answer[at + 1]!, this.#text(answer[at + 2]!));
  }
}
