import {
  type LabelMatcher,
  labelSelectorMatcher,
  MATCH_EVERYTHING,
  type MatchResources,
} from "../../../api/served.ts";
import type { AdmissionRequest, ObjectReader } from "../../ports.ts";
import { kindOf } from "../matching/attributes.ts";
import { type Equivalents, type Invocation, invocationOf } from "../matching/invocation.ts";
import type { Rule } from "../matching/rules.ts";
import { namespaceSelected, objectSelected } from "../matching/selectors.ts";

/** MatchResources of a policy or a binding, ready to be asked. */
export class ResourceMatcher {
  readonly #rules: readonly Rule[];
  readonly #excluded: readonly Rule[];
  readonly #matchPolicy: string;
  readonly #namespaces: LabelMatcher;
  readonly #objects: LabelMatcher;

  constructor(resources: MatchResources) {
    const { namespaceSelector, objectSelector } = resources;
    this.#rules = resources.resourceRules ?? [];
    this.#excluded = resources.excludeResourceRules ?? [];
    this.#matchPolicy = resources.matchPolicy ?? "Equivalent";
    this.#namespaces = namespaceSelector === undefined
      ? MATCH_EVERYTHING
      : labelSelectorMatcher(namespaceSelector);
    this.#objects = objectSelector === undefined
      ? MATCH_EVERYTHING
      : labelSelectorMatcher(objectSelector);
  }

  /** As what the request is looked at; undefined where it is none of these. Throws where its namespace is missing. */
  match(
    request: AdmissionRequest,
    reader: ObjectReader,
    equivalents: Equivalents,
  ): Invocation | undefined {
    const invocation = this.#invocation(request, equivalents);
    if (invocation === undefined) return undefined;
    if (!objectSelected(request, this.#objects)) return undefined;
    return namespaceSelected(request, this.#namespaces, reader) ? invocation : undefined;
  }

  #invocation(request: AdmissionRequest, equivalents: Equivalents): Invocation | undefined {
    const { definition: stored, requested = stored, subresource } = request;
    // No rules stand for all resources.
    const rules = this.#rules.length > 0 ? this.#rules : [ANYTHING];
    const found = invocationOf(request, rules, this.#excluded, this.#matchPolicy, equivalents);
    if (found === undefined || this.#rules.length > 0) return found;
    return { definition: requested, kind: kindOf(requested, subresource) };
  }
}

const ANYTHING: Rule = {
  operations: ["*"],
  apiGroups: ["*"],
  apiVersions: ["*"],
  resources: ["*/*"],
};
