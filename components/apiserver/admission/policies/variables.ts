import {
  type CelBudget,
  CelFailure,
  celLazyObject,
  type CelObjectType,
  CelPending,
  type CelType,
  CelTypes,
  type CelValue,
  compileCel,
} from "../../../api/served.ts";
import type { PolicyExpression } from "./expression.ts";

export interface Variable {
  readonly name?: string;
  readonly expression?: string;
}

/** A policy's variables: each may use those before it, and is evaluated when it is first read. */
export class Variables {
  readonly type: CelObjectType;
  readonly #expressions = new Map<string, PolicyExpression>();

  constructor(variables: readonly Variable[], scope: Readonly<Record<string, CelType>>) {
    const types: Record<string, CelType> = {};
    let type = objectOf(types);
    for (const { name = "", expression = "" } of variables) {
      const compiled = compileCel(expression, { variables: { ...scope, variables: type } });
      this.#expressions.set(
        name,
        compiled.ok
          ? { text: expression, program: compiled.program, error: "" }
          : { text: expression, program: undefined, error: compiled.message },
      );
      types[name] = compiled.ok ? compiled.program.type : { kind: "dyn" };
      type = objectOf(types);
    }
    this.type = type;
  }

  /** What one evaluation of a policy has as `variables`: values are kept, so each costs once. */
  open(
    values: () => Readonly<Record<string, unknown>>,
    budget: CelBudget,
  ): () => CelValue {
    const known = new Map<string, CelValue>();
    const names = [...this.#expressions.keys()];
    const compute = (name: string): CelValue => {
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const { program, error } = this.#expressions.get(name)!;
      const value = program === undefined
        ? new CelFailure(`composited variable "${name}" fails to compile: ${error}`)
        : program.evaluateValue({ ...values(), variables: lazy() }, budget);
      // A decision that is still missing is asked for, and then everything is evaluated again.
      if (value instanceof CelPending) return value;
      const kept2 = value instanceof CelFailure && value.kind === "error" && program !== undefined
        ? new CelFailure(`composited variable "${name}" fails to evaluate: ${value.message}`)
        : value;
      known.set(name, kept2);
      return kept2;
    };
    const lazy = () => celLazyObject(this.type, names, compute);
    return lazy;
  }
}

const objectOf = (fields: Readonly<Record<string, CelType>>): CelObjectType =>
  CelTypes.object("kubernetes.variables", { ...fields });
