import type { JsonValue } from "../../../base/mod.ts";
import {
  CelFailure,
  type CelProgram,
  type CelType,
  CelTypes,
  compileCel,
} from "../../../api/served.ts";
import { ConfigurationError } from "../../configuration/mod.ts";

/** What one evaluation may cost at most, in units of CEL. */
const COST_MAXIMUM = 1_000_000;

const { bool, dyn, list, map, object, string } = CelTypes;

const CLAIMS = map(string, dyn);
const USER = object("kubernetes.UserInfo", {
  username: string,
  uid: string,
  groups: list(string),
  extra: map(string, list(string)),
});

/** What an expression is for: what it may look at, and what it must give. */
const PURPOSES = {
  username: { variable: "claims", expects: [string, dyn] },
  uid: { variable: "claims", expects: [string, dyn] },
  groups: { variable: "claims", expects: [string, list(string), list(dyn), dyn] },
  extra: { variable: "claims", expects: [string, list(string), list(dyn), dyn] },
  claimRule: { variable: "claims", expects: [bool] },
  userRule: { variable: "user", expects: [bool] },
} as const satisfies Record<string, { variable: string; expects: readonly CelType[] }>;

export type ExpressionPurpose = keyof typeof PURPOSES;

/** A CEL expression over a token's claims, or over the user that they make. */
export class ClaimExpression {
  readonly text: string;
  readonly #program: CelProgram;
  readonly #variable: string;

  /** Throws `ConfigurationError` for what is no expression of that purpose. */
  constructor(text: string, purpose: ExpressionPurpose, path: string) {
    const { variable, expects } = PURPOSES[purpose];
    const type = variable === "claims" ? CLAIMS : USER;
    const compiled = compileCel(text, { variables: { [variable]: type }, expects });
    if (!compiled.ok) {
      throw new ConfigurationError(
        `${path}: Invalid value: ${JSON.stringify(text)}: ${compiled.message}`,
      );
    }
    this.text = text;
    this.#program = compiled.program;
    this.#variable = variable;
  }

  /** The value; throws an `Error` where there is none. */
  evaluate(value: unknown): JsonValue {
    const result = this.#program.evaluate(
      { [this.#variable]: value },
      { callLimit: COST_MAXIMUM, remaining: COST_MAXIMUM },
    );
    if (result instanceof CelFailure) throw new Error(result.message);
    return result as JsonValue;
  }
}
