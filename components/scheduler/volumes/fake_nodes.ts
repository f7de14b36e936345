import { labelSelectorMatcher, type NodeSelectorTerm } from "../../api/mod.ts";
import type { NodeTerms } from "./volume_view.ts";

type Labels = Readonly<Record<string, string>>;

/** Nodes by name with their labels, for tests. */
export class FakeNodes implements NodeTerms {
  readonly names: readonly string[];
  readonly #labels: ReadonlyMap<string, Labels>;

  constructor(nodes: Readonly<Record<string, Labels>>) {
    this.#labels = new Map(Object.entries(nodes));
    this.names = [...this.#labels.keys()];
  }

  matching(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> {
    return new Set(this.names.filter((name) => terms.some((term) => this.#matches(name, term))));
  }

  #matches(name: string, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
    if (matchExpressions.length + matchFields.length === 0) return false;
    return labelSelectorMatcher({ matchExpressions }).matches(this.#labels.get(name)) &&
      matchFields.every(({ values = [] }) => values.includes(name));
  }
}
