import type { JsonObject } from "../../base/mod.ts";
import { CelFailure, type CelProgram, CelTypes, compileCel } from "../../api/served.ts";
import { ConfigurationError } from "../configuration/mod.ts";

/** What all conditions of one question may cost at most, in units of CEL. */
const COST_MAXIMUM = 2_500_000;

const { bool, list, map, object, string } = CelTypes;
const REQUIREMENT = object("kubernetes.SelectorRequirement", {
  key: string,
  operator: string,
  values: list(string),
});
const SELECTOR = object("kubernetes.SelectorAttributes", {
  rawSelector: string,
  requirements: list(REQUIREMENT),
});
const REQUEST = object("kubernetes.SubjectAccessReviewSpec", {
  resourceAttributes: object("kubernetes.ResourceAttributes", {
    namespace: string,
    verb: string,
    group: string,
    version: string,
    resource: string,
    subresource: string,
    name: string,
    fieldSelector: SELECTOR,
    labelSelector: SELECTOR,
  }),
  nonResourceAttributes: object("kubernetes.NonResourceAttributes", { path: string, verb: string }),
  user: string,
  groups: list(string),
  extra: map(string, list(string)),
  uid: string,
});

/** Members that an expression may read though the question leaves them empty. */
const EMPTY = {
  request: { user: "", uid: "", groups: [], extra: {} },
  resource: {
    namespace: "",
    verb: "",
    group: "",
    version: "",
    resource: "",
    subresource: "",
    name: "",
  },
};

/** A CEL expression over the `spec` of a SubjectAccessReview that says whether a webhook is to be asked. */
export class MatchCondition {
  readonly text: string;
  readonly #program: CelProgram;

  /** Throws `ConfigurationError` for what is no condition. */
  constructor(text: string, path: string) {
    const compiled = compileCel(text, { variables: { request: REQUEST }, expects: [bool] });
    if (!compiled.ok) {
      throw new ConfigurationError(
        `${path}: Invalid value: ${JSON.stringify(text)}: ${compiled.message}`,
      );
    }
    this.text = text;
    this.#program = compiled.program;
  }

  /** True, false, or why it is neither. */
  holds(spec: JsonObject): boolean | Error {
    const resource = spec["resourceAttributes"] as JsonObject | undefined;
    const request = {
      ...EMPTY.request,
      ...spec,
      ...(resource === undefined ? {} : { resourceAttributes: { ...EMPTY.resource, ...resource } }),
    };
    const value = this.#program.evaluate(
      { request },
      { callLimit: COST_MAXIMUM, remaining: COST_MAXIMUM },
    );
    return value instanceof CelFailure ? new Error(value.message) : value === true;
  }
}
