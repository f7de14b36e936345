import { CelFailure } from "../value.ts";

/** Costs are counted by what goes into a function, not by what comes out: these bound what comes out. */

/** Characters or bytes of a text that a function makes. */
export const TEXT_LENGTH = 16_777_216;
/** Items of a list that is made without looking at each. */
export const LIST_SIZE = 4_000_000;

export const TEXT_TOO_LONG: CelFailure = new CelFailure("result exceeds limit", "cost");
export const LIST_TOO_LONG: CelFailure = new CelFailure("list exceeds limit", "cost");
