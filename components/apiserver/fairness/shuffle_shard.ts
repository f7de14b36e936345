import { createHash } from "node:crypto";

/**
 * The hand of queues of one flow: `handSize` different numbers below `deckSize`, always the same for the same flow, and
 * of which two flows seldom share many. Pure.
 */
export function dealHand(
  schema: string,
  distinguisher: string,
  deckSize: number,
  handSize: number,
): number[] {
  const hash = createHash("sha256").update(`${schema.length},${schema},${distinguisher}`).digest();
  let value = hash.readBigUInt64LE(0);
  const sorted: number[] = [];
  const hand: number[] = [];
  for (let dealt = 0; dealt < handSize; dealt++) {
    const left = BigInt(deckSize - dealt);
    // The n-th of the cards that are still in the deck.
    let card = Number(value % left);
    value /= left;
    let at = 0;
    while (at < sorted.length && sorted[at]! <= card) {
      card++;
      at++;
    }
    sorted.splice(at, 0, card);
    hand.push(card);
  }
  return hand;
}
