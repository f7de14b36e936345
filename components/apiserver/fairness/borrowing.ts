import { allocateSeats } from "./allocation.ts";

/** A level before its seats are given out anew. */
export interface Borrower {
  readonly exempt: boolean;
  readonly nominal: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Most seats asked for at once in the last period. */
  readonly highWatermark: number;
  readonly smoothed: number;
}

export interface Loan {
  readonly limit: number;
  readonly target: number;
}

/**
 * Gives out all seats anew, by what was asked for: levels lend what they do not use, down to their minimum, and borrow
 * up to their maximum. What is exempt takes what it needs beforehand. Pure.
 */
export function lendSeats(
  borrowers: readonly Borrower[],
): { readonly loans: readonly Loan[]; readonly fairFraction: number } {
  const limited = borrowers.filter(({ exempt }) => !exempt);
  const floor = (borrower: Borrower) =>
    borrower.exempt
      ? Math.max(borrower.minimum, borrower.highWatermark)
      : Math.max(borrower.minimum, Math.min(borrower.nominal, borrower.highWatermark));
  const nominal = borrowers.reduce((sum, each) => sum + each.nominal, 0);
  const taken = borrowers.reduce((sum, each) => sum + (each.exempt ? floor(each) : 0), 0);
  const floors = limited.reduce((sum, each) => sum + floor(each), 0);
  const minimums = limited.reduce((sum, each) => sum + each.minimum, 0);
  const left = nominal - taken;
  // Not enough for what each level needs of its own: what is left is shared by that. Below the minimums nobody goes.
  const lower = left >= floors ? floor : (each: Borrower) => each.minimum;
  const { seats, fairFraction } = left > minimums
    ? allocateSeats(
      left,
      limited.map((each) => ({
        lowerBound: lower(each),
        upperBound: Math.max(each.maximum, lower(each)),
        target: Math.max(floor(each), each.smoothed),
      })),
    )
    : { seats: limited.map(({ minimum }) => minimum), fairFraction: 0 };
  let at = 0;
  const loans = borrowers.map((each) => {
    const target = Math.max(floor(each), each.smoothed);
    if (each.exempt) return { limit: floor(each), target };
    return { limit: Math.max(1, Math.round(seats[at++] ?? each.minimum)), target };
  });
  return { loans, fairFraction };
}
