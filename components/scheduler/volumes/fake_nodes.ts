import { matchesNodeTerm, type NodeSelectorTerm } from "../../api/mod.ts";
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
    return new Set(
      this.names.filter((name) => {
        const labels = this.#labels.get(name) ?? {};
        return terms.some((term) => matchesNodeTerm(term, { name, labels }));
      }),
    );
  }
}
