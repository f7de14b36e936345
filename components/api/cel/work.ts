/**
 * Work that costs do not count. Upstream's costs take the size of a text, the comparison of two large objects or the
 * parts of a query for one, however large; it has a deadline besides. Here everything that walks a value says how far
 * it walks, and an evaluation that walks too far ends as one that costs too much.
 */

/** Characters that one evaluation may walk, expressions that it evaluates for its variables included. */
const WORK_LIMIT = 50_000_000;
/** What an element of a list or a map counts, in characters. */
export const ELEMENT = 10;

/** Thrown by `work` when nothing is left. */
export class WorkExceeded extends Error {
  override readonly name = "WorkExceeded";
}

// Evaluations do not await anything, so that the outermost one is the only one.
let left = WORK_LIMIT;
let running = 0;

/** Notes work before it is done. */
export function work(characters: number): void {
  left -= characters;
  if (left < 0 && running > 0) throw new WorkExceeded();
}

/** Runs an evaluation with a new allowance, or with that of the evaluation that it is part of. */
export function withWork<T>(evaluate: () => T): T {
  if (running === 0) left = WORK_LIMIT;
  running++;
  try {
    return evaluate();
  } finally {
    running--;
  }
}
