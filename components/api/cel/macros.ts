import type { Call, Comprehension, Expression } from "./expression.ts";
import type { SourceError } from "./source.ts";
import type { CelValue } from "./value.ts";

/** No expression can write this name, so that none can see or shadow it. */
export const ACCUMULATOR = "@result";
const OLD_ACCUMULATOR = "__result__";
const UNUSED = "#unused";

type Expanded = Expression | SourceError;
type Macro = (
  at: number,
  target: Expression,
  args: readonly Expression[],
) => Expanded;

/** By name and number of arguments. `has` is the only one without a target. */
const MACROS: Readonly<Record<string, Macro>> = {
  "all/2": quantifier("all"),
  "all/3": quantifier("all"),
  "exists/2": quantifier("exists"),
  "exists/3": quantifier("exists"),
  "exists_one/2": quantifier("one"),
  "exists_one/3": quantifier("one"),
  "existsOne/3": quantifier("one"),
  "map/2": (at, target, args) => collect(at, target, args, undefined, args[1]),
  "map/3": (at, target, args) => collect(at, target, args, args[1], args[2]),
  "filter/2": (at, target, args) => collect(at, target, args, args[1], args[0]),
  "transformList/3": transformList,
  "transformList/4": transformList,
  "transformMap/3": transformMap(false),
  "transformMap/4": transformMap(false),
  "transformMapEntry/3": transformMap(true),
  "transformMapEntry/4": transformMap(true),
  "sortBy/2": sortBy,
  "optMap/2": (at, target, args) => optionalMap(at, target, args, "optMap"),
  "optFlatMap/2": (at, target, args) => optionalMap(at, target, args, "optFlatMap"),
};

/** What a call of a macro stands for, undefined where the call is none, an error where its arguments are wrong. */
export function expandMacro(
  at: number,
  name: string,
  target: Expression | undefined,
  args: readonly Expression[],
): Expanded | undefined {
  if (target === undefined) {
    const [argument] = args;
    if (name !== "has" || argument === undefined || args.length !== 1) return undefined;
    if (argument.is !== "select") {
      return { offset: argument.at, message: "invalid argument to has() macro" };
    }
    return { is: "select", at, operand: argument.operand, field: argument.field, test: true };
  }
  const key = `${name}/${args.length}`;
  return Object.hasOwn(MACROS, key) ? MACROS[key]?.(at, target, args) : undefined;
}

/** The names of the variables, of which a macro has one or two. */
function variables(
  args: readonly Expression[],
  count: 1 | 2,
  message = "argument must be a simple name",
): readonly string[] | SourceError {
  const names: string[] = [];
  for (const argument of args.slice(0, count)) {
    if (argument.is !== "ident") return { offset: argument.at, message };
    if (names.includes(argument.name)) {
      return { offset: argument.at, message: `duplicate variable name: ${argument.name}` };
    }
    if (argument.name === ACCUMULATOR || argument.name === OLD_ACCUMULATOR) {
      const message = "iteration variable overwrites accumulator variable";
      return { offset: argument.at, message };
    }
    names.push(argument.name);
  }
  return names;
}

function quantifier(kind: "all" | "exists" | "one"): Macro {
  return (at, target, args) => {
    const names = variables(args, args.length === 3 ? 2 : 1);
    if ("message" in names) return names;
    const predicate = args[args.length - 1] as Expression;
    const one = literal(at, 1n);
    switch (kind) {
      case "all":
        return fold(at, target, names, {
          initial: literal(at, true),
          condition: call(at, "@not_strictly_false", [accumulator(at)]),
          step: call(at, "_&&_", [accumulator(at), predicate]),
          result: accumulator(at),
        });
      case "exists":
        return fold(at, target, names, {
          initial: literal(at, false),
          condition: call(at, "@not_strictly_false", [call(at, "!_", [accumulator(at)])]),
          step: call(at, "_||_", [accumulator(at), predicate]),
          result: accumulator(at),
        });
      case "one":
        return fold(at, target, names, {
          initial: literal(at, 0n),
          condition: literal(at, true),
          step: call(at, "_?_:_", [
            predicate,
            call(at, "_+_", [accumulator(at), one]),
            accumulator(at),
          ]),
          result: call(at, "_==_", [accumulator(at), one]),
        });
    }
  };
}

function collect(
  at: number,
  target: Expression,
  args: readonly Expression[],
  filter: Expression | undefined,
  element: Expression | undefined,
): Expanded {
  const names = variables(args, 1, "argument is not an identifier");
  if ("message" in names) return names;
  return gather(at, target, names, filter, element as Expression);
}

function transformList(at: number, target: Expression, args: readonly Expression[]): Expanded {
  const names = variables(args, 2);
  if ("message" in names) return names;
  const filter = args.length === 4 ? args[2] : undefined;
  return gather(at, target, names, filter, args[args.length - 1] as Expression);
}

function gather(
  at: number,
  target: Expression,
  names: readonly string[],
  filter: Expression | undefined,
  element: Expression,
): Expression {
  const step = call(at, "_+_", [accumulator(at), list(at, [element])]);
  return fold(at, target, names, {
    initial: list(at, []),
    condition: literal(at, true),
    step: filter === undefined ? step : call(at, "_?_:_", [filter, step, accumulator(at)]),
    result: accumulator(at),
  });
}

function transformMap(entries: boolean): Macro {
  return (at, target, args) => {
    const names = variables(args, 2);
    if ("message" in names) return names;
    const filter = args.length === 4 ? args[2] : undefined;
    const value = args[args.length - 1] as Expression;
    const key: Expression = { is: "ident", at, name: names[0] as string };
    const step = call(
      at,
      "cel.@mapInsert",
      entries ? [accumulator(at), value] : [accumulator(at), key, value],
    );
    return fold(at, target, names, {
      initial: { is: "map", at, entries: [] },
      condition: literal(at, true),
      step: filter === undefined ? step : call(at, "_?_:_", [filter, step, accumulator(at)]),
      result: accumulator(at),
    });
  };
}

/** `x.optMap(v, e)`: e with v bound to x's value, where x has one. The target stands in it twice and is shared. */
function optionalMap(
  at: number,
  target: Expression,
  args: readonly Expression[],
  name: "optMap" | "optFlatMap",
): Expanded {
  const [variable, value] = args as [Expression, Expression];
  if (variable.is !== "ident") {
    const message = `${name}() variable name must be a simple identifier`;
    return { offset: variable.at, message };
  }
  const member = (method: string): Call => ({ is: "call", at, name: method, target, args: [] });
  const bound = bind(at, variable.name, member("value"), value);
  return call(at, "_?_:_", [
    member("hasValue"),
    name === "optMap" ? call(at, "optional.of", [bound]) : bound,
    call(at, "optional.none", []),
  ]);
}

/** A value under a name: a loop over nothing. */
function bind(at: number, name: string, value: Expression, result: Expression): Comprehension {
  return {
    is: "comprehension",
    at,
    range: list(at, []),
    variable: UNUSED,
    variable2: undefined,
    accumulator: name,
    initial: value,
    condition: literal(at, false),
    step: { is: "ident", at, name },
    result,
  };
}

/** `list.sortBy(x, key)`: the list in the order of what the key is for each of its elements. */
function sortBy(at: number, target: Expression, args: readonly Expression[]): Expanded {
  const names = variables(args, 1, "argument is not an identifier");
  if ("message" in names) return names;
  const input = "@__sortBy_input__";
  const list: Expression = { is: "ident", at, name: input };
  const keys = gather(
    at,
    { is: "ident", at, name: input },
    names,
    undefined,
    args[1] as Expression,
  );
  return bind(at, input, target, {
    is: "call",
    at,
    name: "@sortByAssociatedKeys",
    target: list,
    args: [keys],
  });
}

function fold(
  at: number,
  range: Expression,
  [variable = UNUSED, variable2]: readonly string[],
  parts: Pick<Comprehension, "initial" | "condition" | "step" | "result">,
): Comprehension {
  return {
    is: "comprehension",
    at,
    range,
    variable,
    variable2,
    accumulator: ACCUMULATOR,
    ...parts,
  };
}

function accumulator(at: number): Expression {
  return { is: "ident", at, name: ACCUMULATOR };
}

function literal(at: number, value: CelValue): Expression {
  return { is: "literal", at, value };
}

function list(at: number, elements: readonly Expression[]): Expression {
  return { is: "list", at, elements, optional: new Set() };
}

function call(at: number, name: string, args: readonly Expression[]): Call {
  return { is: "call", at, name, target: undefined, args };
}
