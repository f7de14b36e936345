import {
  type CelBudget,
  CelFailure,
  CelPending,
  type CelProgram,
  type CelScope,
  type CelValue,
  compileCel,
} from "../../../api/served.ts";
import { type Activation, expressionError } from "../matching/activation.ts";

/** An expression of a policy, or why it is none. */
export interface PolicyExpression {
  readonly text: string;
  readonly program: CelProgram | undefined;
  readonly error: string;
}

/** What an expression gives: its value, or a text that says why there is none. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: string; readonly overBudget: boolean };

export function compileExpression(text: string, scope: CelScope): PolicyExpression {
  const compiled = compileCel(text, scope);
  return compiled.ok
    ? { text, program: compiled.program, error: "" }
    : { text, program: undefined, error: compiled.message };
}

/** Evaluates an expression of a policy over values that may themselves be expressions. */
export async function evaluateExpression(
  { text, program, error }: PolicyExpression,
  activation: Activation,
  values: () => Readonly<Record<string, unknown>>,
  budget: CelBudget,
  /** Reads what was evaluated otherwise than as JSON. */
  read?: (value: CelValue) => unknown,
): Promise<Outcome> {
  if (program === undefined) return { error: `compilation error: ${error}`, overBudget: false };
  for (;;) {
    const value = read === undefined
      ? program.evaluate(values(), budget)
      : read(program.evaluateValue(values(), budget));
    if (value instanceof CelPending) {
      await activation.authorizer.settle(value.check);
      continue;
    }
    if (!(value instanceof CelFailure)) return { value };
    return value.kind === "budget"
      ? { error: value.message, overBudget: true }
      : { error: expressionError(text, value), overBudget: false };
  }
}
