/** One class among which seats are shared out. */
export interface SeatClass {
  readonly lowerBound: number;
  readonly upperBound: number;
  /** What it would have if there were enough for everybody. */
  readonly target: number;
}

export interface Allocation {
  readonly seats: readonly number[];
  /** The part of its target that every class gets which is not at one of its bounds. */
  readonly fairFraction: number;
}

/**
 * Shares `total` seats out so that every class gets the same fraction of its target as far as its bounds allow. Where
 * the bounds leave too few or too many seats, every class is at its bound. Pure.
 */
export function allocateSeats(total: number, classes: readonly SeatClass[]): Allocation {
  const positive = classes.map((each) => ({ ...each, target: Math.max(each.target, 0.1) }));
  const at = (fraction: number) =>
    positive.map(({ lowerBound, upperBound, target }) =>
      Math.max(lowerBound, Math.min(upperBound, fraction * target))
    );
  const sum = (seats: readonly number[]) => seats.reduce((a, b) => a + b, 0);
  // Between two neighbouring corners the sum is a straight line.
  const corners = [
    ...new Set(positive.flatMap(({ lowerBound, upperBound, target }) => [
      lowerBound / target,
      upperBound / target,
    ])),
  ].filter(Number.isFinite).sort((a, b) => a - b);
  let below = 0;
  let sumBelow = sum(at(0));
  if (total <= sumBelow) return { seats: at(0), fairFraction: 0 };
  for (const corner of corners) {
    const sumHere = sum(at(corner));
    if (sumHere >= total) {
      const fraction = sumHere === sumBelow
        ? corner
        : below + (corner - below) * (total - sumBelow) / (sumHere - sumBelow);
      return { seats: at(fraction), fairFraction: fraction };
    }
    below = corner;
    sumBelow = sumHere;
  }
  return { seats: at(below), fairFraction: below };
}
