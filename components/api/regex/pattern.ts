import { RE2JS, RE2JSException } from "re2js";

/** Patterns kept compiled, and the instructions of all their programs together. */
const CACHED_PATTERNS = 512;
const CACHED_INSTRUCTIONS = 400_000;
/** Instructions of one program: matching costs this many steps a character at worst. */
const PROGRAM_INSTRUCTIONS = 20_000;
/** Repeats such as `{1000}` multiply what a pattern compiles to, so they are bounded before anything is compiled. */
const REPEATS_TOTAL = 20_000;
/** Characters of one pattern. */
const PATTERN_LENGTH = 32_768;
/** Bytes of states that one pattern's automaton may keep; past them it matches without. */
const AUTOMATON_BYTES = 262_144;

/**
 * A compiled pattern in RE2's syntax. Matching takes time linear in the text, whatever the pattern: this is the only
 * way that a user's pattern is matched.
 */
export class Pattern {
  readonly source: string;
  readonly instructions: number;
  readonly #program: RE2JS;

  constructor(source: string, program: RE2JS, instructions: number) {
    this.source = source;
    this.instructions = instructions;
    this.#program = program;
  }

  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean {
    return this.#program.test(text);
  }

  /** The first match, `""` where there is none. */
  find(text: string): string {
    const matcher = this.#program.matcher(text);
    return matcher.find() ? matcher.group() ?? "" : "";
  }

  /** Up to `limit` matches that do not overlap, in order; all of them where `limit` is negative. */
  findAll(text: string, limit = -1): string[] {
    const found: string[] = [];
    const matcher = this.#program.matcher(text);
    let end = -1;
    while (found.length !== limit && matcher.find()) {
      // As Go has it: an empty match right after another is none.
      const empty = matcher.start() === matcher.end();
      if (!empty || matcher.start() !== end) found.push(matcher.group() ?? "");
      end = matcher.end();
    }
    return found;
  }
}

/** A pattern that does not compile; the message is RE2's, as Go prints it. */
export interface PatternError {
  readonly error: string;
}

/** Compiled patterns, the one used least lately first. */
const cache = new Map<string, Pattern>();
let cachedInstructions = 0;

/** Compiles a pattern, or answers why it is none. Never throws. */
export function compilePattern(source: string): Pattern | PatternError {
  const known = cache.get(source);
  if (known !== undefined) {
    // Moved to the end: the map's order is the order of use.
    cache.delete(source);
    cache.set(source, known);
    return known;
  }
  const pattern = compile(source);
  if ("error" in pattern) return pattern;
  cache.set(source, pattern);
  cachedInstructions += pattern.instructions;
  for (const [oldest, { instructions }] of cache) {
    if (cache.size <= CACHED_PATTERNS && cachedInstructions <= CACHED_INSTRUCTIONS) break;
    cache.delete(oldest);
    cachedInstructions -= instructions;
  }
  return pattern;
}

const TOO_LARGE: PatternError = { error: "error parsing regexp: expression too large" };

function compile(source: string): Pattern | PatternError {
  if (source.length > PATTERN_LENGTH || repeats(source) > REPEATS_TOTAL) return TOO_LARGE;
  try {
    const program = RE2JS.compile(source);
    const { dfa, prog } = program.re2();
    const instructions: number = prog.numInst();
    if (instructions > PROGRAM_INSTRUCTIONS) return TOO_LARGE;
    dfa.maxMem = dfa.stateBudget = dfa.memBudget = AUTOMATON_BYTES;
    return new Pattern(source, program, instructions);
  } catch (error) {
    if (error instanceof RE2JSException) return { error: asGo(error.message) };
    // The library's own recursion on a pattern within the bounds above.
    if (error instanceof RangeError) return TOO_LARGE;
    throw error;
  }
}

/** Go quotes what is wrong in every message. */
const asGo = (message: string): string =>
  message.endsWith("trailing backslash at end of expression") ? `${message}: \`\`` : message;

/** The sum of all repeat counts, each the larger number of its braces. */
function repeats(source: string): number {
  let total = 0;
  for (let at = source.indexOf("{"); at >= 0; at = source.indexOf("{", at + 1)) {
    let largest = 0;
    let number = 0;
    for (let i = at + 1; i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code >= 0x30 && code <= 0x39) number = Math.min(number * 10 + code - 0x30, REPEATS_TOTAL);
      else if (code === 0x2c) number = 0;
      else break;
      largest = Math.max(largest, number);
    }
    total += largest;
  }
  return total;
}
