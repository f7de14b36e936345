import type { NodeSelectorTerm } from "../../api/mod.ts";
import type { NodeTerms } from "./volume_view.ts";

/** Lists of terms whose nodes are remembered; local volumes have one for every node. */
const LISTS_MAXIMUM = 16_384;

/** Remembers which nodes match, until nodes change: volumes of one node are asked for by every pod that looks for one. */
export class NodeMatches implements NodeTerms {
  readonly #find: (terms: readonly NodeSelectorTerm[]) => Iterable<string>;
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** The same by the list itself, which costs no text. */
  #lists = new WeakMap<readonly NodeSelectorTerm[], ReadonlySet<string>>();

  /** `find` asks the scheduler's core. */
  constructor(find: (terms: readonly NodeSelectorTerm[]) => Iterable<string>) {
    this.#find = find;
  }

  matching(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> {
    const same = this.#lists.get(terms);
    if (same !== undefined) return same;
    const found = this.#matching(terms);
    this.#lists.set(terms, found);
    return found;
  }

  #matching(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> {
    const key = JSON.stringify(terms);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= LISTS_MAXIMUM) this.#known.clear();
    const found = new Set(this.#find(terms));
    this.#known.set(key, found);
    return found;
  }

  /** A node came, went, or has other labels. */
  nodesChanged(): void {
    this.#known.clear();
    this.#lists = new WeakMap();
  }
}
