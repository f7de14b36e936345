import { CelPending } from "./authorizer.ts";
import { check, type Names } from "./checker.ts";
import { environment, patchEnvironment } from "./environment.ts";
import { type CelBudget, EXCEEDED, Frame, type Step } from "./frame.ts";
import type { Range } from "./overload.ts";
import { estimateCost } from "./estimate.ts";
import { checkLiterals } from "./literal_check.ts";
import { parseExpression } from "./parser.ts";
import { InstantiationError, Planner } from "./plan.ts";
import { Source } from "./source.ts";
import { type CelObjectType, type CelType, formatType, sameType } from "./type.ts";
import { CelFailure, type CelValue } from "./value.ts";
import { withWork, WorkExceeded } from "./work.ts";
import { toJson } from "./to_json.ts";

/** What an expression may use, beside the functions and types that every one has. */
export interface CelScope {
  /** Their types carry the bounds that costs are estimated by. */
  readonly variables: Readonly<Record<string, CelType>>;
  /** Types that the result may have; any where it is left out. */
  readonly expects?: readonly CelType[];
  /**
   * Types of objects that the expression may make, by name: `celMutationType` knows `Object{}` and `JSONPatch{}` of
   * mutating policies, whose expressions have `jsonpatch.escapeKey` too.
   */
  readonly objectType?: (name: string) => CelObjectType | undefined;
}

/**
 * `compilation`: the text is no expression of this scope; `errors` are in upstream's format, each with its place, and
 * `message` is `compilation failed: ` and all of them. `result`: it is one, but has a value of the wrong type.
 * `instantiation`: it is one that can only fail, as `int('x')`.
 */
export type CelCompilation =
  | {
    readonly ok: true;
    readonly program: CelProgram;
    /** Upstream's static estimate; 2^64 where nothing bounds it. */
    readonly cost: Range;
  }
  | {
    readonly ok: false;
    readonly reason: "compilation" | "result" | "instantiation";
    readonly message: string;
    readonly errors: readonly string[];
  };

/** A compiled expression. It has no state: it may be evaluated any number of times, also within one another. */
export class CelProgram {
  /** The type of its value. */
  readonly type: CelType;
  /** The variables that it reads. */
  readonly reads: ReadonlySet<string>;
  readonly #step: Step;
  readonly #slots: number;

  constructor(step: Step, planner: Planner, type: CelType) {
    this.type = type;
    this.reads = planner.reads;
    this.#step = step;
    this.#slots = planner.slots;
  }

  /**
   * The value as JSON. `values` are JSON as their declared types say, or what `evaluateValue` gave; each is read at
   * most once, when it is needed first, so that getters serve for what is costly. A variable that is undefined fails
   * when it is read. Takes the cost away from the budget; stops as soon as the budget does not allow more, or when it
   * has walked far through large values for little cost (`work.ts`), which ends like too much cost.
   */
  evaluate(
    values: Readonly<Record<string, unknown>>,
    budget: CelBudget,
  ): unknown | CelFailure {
    return toJson(this.evaluateValue(values, budget));
  }

  /** The same value as other programs take it, with its type: for variables that are made of expressions. */
  evaluateValue(values: Readonly<Record<string, unknown>>, budget: CelBudget): CelValue {
    const limit = Math.min(budget.callLimit, Math.max(budget.remaining, 0));
    const frame = new Frame(this.#slots, values, limit);
    try {
      const value = withWork(() => this.#step(frame));
      budget.remaining -= frame.cost;
      return budget.remaining < 0 ? OUT_OF_BUDGET : value;
    } catch (error) {
      if (error instanceof CelPending) return error;
      if (error !== EXCEEDED && !(error instanceof WorkExceeded)) throw error;
      budget.remaining -= frame.cost;
      return limit < budget.callLimit || budget.remaining < 0 ? OUT_OF_BUDGET : EXCEEDED;
    }
  }
}

const OUT_OF_BUDGET = new CelFailure(
  "validation failed due to running out of cost budget, no further validation rules will be run",
  "budget",
);

/** Reads, checks and plans an expression. Never throws, whatever the text. */
export function compileCel(text: string, scope: CelScope): CelCompilation {
  const source = new Source(text);
  const parsed = parseExpression(source);
  if (parsed.errors !== undefined) return failed(source.format(parsed.errors));
  const variable = (name: string): CelType | undefined =>
    Object.hasOwn(scope.variables, name) ? scope.variables[name] : undefined;
  const names: Names = { variable, type: (name) => scope.objectType?.(name) };
  const functions = scope.objectType === undefined ? environment() : patchEnvironment();
  let errors = check(parsed.expression, names, functions);
  if (errors.length === 0) errors = checkLiterals(parsed.expression);
  if (errors.length > 0) return failed(source.format(errors));
  const type = parsed.expression.type as CelType;
  const { expects } = scope;
  if (expects !== undefined && !expects.some((expected) => sameType(expected, type))) {
    const message = mustBe(expects);
    return { ok: false, reason: "result", message, errors: [message] };
  }
  const planner = new Planner(variable);
  let step: Step;
  try {
    step = planner.plan(parsed.expression);
  } catch (error) {
    if (!(error instanceof InstantiationError)) throw error;
    const message = `program instantiation failed: ${error.message}`;
    return { ok: false, reason: "instantiation", message, errors: [message] };
  }
  return {
    ok: true,
    program: new CelProgram(step, planner, type),
    cost: estimateCost(parsed.expression, variable),
  };
}

function mustBe(expects: readonly CelType[]): string {
  const [only] = expects;
  if (expects.length === 1 && only !== undefined) return `must evaluate to ${formatType(only)}`;
  // Elsewhere the type of null is called by its value's name.
  const names = expects.map((type) => type.kind === "null" ? "null_type" : formatType(type));
  return `must evaluate to one of [${names.join(" ")}]`;
}

function failed(errors: readonly string[]): CelCompilation {
  const message = `compilation failed: ${errors.join("\n")}`;
  return { ok: false, reason: "compilation", message, errors };
}
