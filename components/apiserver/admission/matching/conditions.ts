import {
  CEL_ADMISSION_RESULTS,
  CEL_ADMISSION_VARIABLES,
  type CelBudget,
  CelFailure,
  type CelProgram,
  type CelType,
  compileCel,
} from "../../../api/served.ts";
import {
  type Activation,
  CALL_COST_MAXIMUM,
  CONDITIONS_COST_MAXIMUM,
  expressionError,
} from "./activation.ts";

export interface MatchCondition {
  readonly name?: string;
  readonly expression?: string;
}

interface Compiled {
  readonly name: string;
  readonly expression: string;
  readonly program: CelProgram | undefined;
  readonly error: string;
}

/** What conditions say: an error only where the failure policy makes it matter. */
export type ConditionsOutcome =
  | { readonly matches: true }
  | { readonly matches: false; readonly condition?: string }
  | { readonly error: string };

/** Compiled match conditions of a webhook or a policy. */
export class MatchConditions {
  readonly #conditions: readonly Compiled[];

  constructor(
    conditions: readonly MatchCondition[],
    variables: Readonly<Record<string, CelType>> = CEL_ADMISSION_VARIABLES,
  ) {
    this.#conditions = conditions.map(({ name = "", expression = "" }) => {
      const compiled = compileCel(expression, {
        variables,
        expects: CEL_ADMISSION_RESULTS.condition,
      });
      return compiled.ok
        ? { name, expression, program: compiled.program, error: "" }
        : { name, expression, program: undefined, error: compiled.message };
    });
  }

  get none(): boolean {
    return this.#conditions.length === 0;
  }

  /** One condition that is false is enough for no; failures count only where none is. */
  async match(
    activation: Activation,
    failClosed: boolean,
    values: Readonly<Record<string, unknown>> = activation.values,
    budget: CelBudget = { callLimit: CALL_COST_MAXIMUM, remaining: CONDITIONS_COST_MAXIMUM },
  ): Promise<ConditionsOutcome> {
    const errors: string[] = [];
    // Conditions do not know the namespace, as upstream.
    const shown = Object.create(values, { namespaceObject: { value: null } });
    for (const { name, expression, program, error } of this.#conditions) {
      if (program === undefined) {
        errors.push(`compilation error: ${error}`);
        continue;
      }
      const result = await activation.evaluate(program, shown, budget);
      if (result instanceof CelFailure) errors.push(expressionError(expression, result));
      else if (result !== true) return { matches: false, condition: name };
    }
    if (errors.length === 0) return { matches: true };
    if (!failClosed) return { matches: false };
    return { error: errors.length === 1 ? errors[0]! : `[${errors.join(", ")}]` };
  }
}
