import { goJson } from "../go_text.ts";
import { NO_PATH, type ValueErrors } from "../value_errors.ts";

/** Things that are said of one object: who breaks more has enough to mend. */
const PROBLEMS_MAXIMUM = 10_000;

/** One thing that a value breaks, as the check says it; `tell` writes it down as a field's error. */
export interface Problem {
  readonly message: string;
  tell(errors: ValueErrors, base: string): void;
}

/**
 * What a check of a value found. `matched` counts what was in order: of several alternatives that all fail, the one
 * with the most in order is told.
 */
export class Outcome {
  #problems: Map<string, Problem> | undefined;
  matched = 0;

  get problems(): Iterable<Problem> {
    return this.#problems?.values() ?? [];
  }

  get valid(): boolean {
    return this.#problems === undefined;
  }

  /** Says each thing once. */
  add(problem: Problem): void {
    this.#problems ??= new Map();
    if (this.#problems.size >= PROBLEMS_MAXIMUM || this.#problems.has(problem.message)) return;
    this.#problems.set(problem.message, problem);
  }

  merge(other: Outcome): void {
    for (const problem of other.problems) this.add(problem);
    this.matched += other.matched;
  }

  invalid(path: string, value: unknown, text: string): void {
    const message = `${path} in body ${text}`;
    this.add({
      message,
      tell: (errors, base) => errors.invalid(fieldAt(base, path), value ?? "", message),
    });
  }

  /** `is` is what the value is, `must` what it must be. */
  wrongType(path: string, must: string, is: string): void {
    const message = `${path} in body must be of type ${must}: ${JSON.stringify(is)}`;
    this.add({
      message,
      tell: (errors, base) => errors.typeInvalid(fieldAt(base, path), is, message),
    });
  }

  required(path: string): void {
    this.add({
      message: `${path} in body is required`,
      tell: (errors, base) => errors.required(fieldAt(base, path)),
    });
  }

  notSupported(path: string, value: unknown, supported: readonly unknown[]): void {
    const texts = supported.map((each) => typeof each === "string" ? each : goJson(each));
    this.add({
      message: `${path} in body should be one of [${texts.join(" ")}]`,
      tell: (errors, base) => errors.notSupported(fieldAt(base, path), value, texts),
    });
  }

  tooLong(path: string, maximum: number): void {
    this.add({
      message: `${path} in body should be at most ${maximum} chars long`,
      tell: (errors, base) => errors.tooLong(fieldAt(base, path), maximum),
    });
  }

  tooMany(path: string, actual: number, maximum: number, what: "items" | "properties"): void {
    this.add({
      message: `${path} in body should have at most ${maximum} ${what}`,
      tell: (errors, base) => errors.tooMany(fieldAt(base, path), actual, maximum),
    });
  }

  /** What is about no field in particular. */
  general(message: string): void {
    this.add({
      message,
      tell: (errors, base) => errors.invalid(base === "" ? NO_PATH : base, "", message),
    });
  }
}

function fieldAt(base: string, path: string): string {
  const bare = path.startsWith(".") ? path.slice(1) : path;
  if (bare === "") return base === "" ? NO_PATH : base;
  return base === "" ? bare : `${base}.${bare}`;
}
