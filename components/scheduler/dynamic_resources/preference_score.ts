import { ALTERNATIVES_MAXIMUM, type ClaimPlan } from "./claim_plan.ts";
import type { ClaimChoice } from "./device_search.ts";

/** How good an allocation is: the earlier the chosen alternatives stand in their lists, the higher. */
export function preferenceScore(
  claims: readonly ClaimPlan[],
  choices: readonly ClaimChoice[],
): number {
  let score = 0;
  claims.forEach(({ requests }, i) => {
    requests.forEach((wishes, j) => {
      const isList = (wishes[0]?.name ?? "") !== (wishes[0]?.request ?? "");
      const chosen = choices[i]?.wishes[j];
      if (isList && chosen !== undefined) score += ALTERNATIVES_MAXIMUM - wishes.indexOf(chosen);
    });
  });
  return score;
}

/** Scores from 0 to 100, the best of them 100. */
export function normalized(scores: readonly number[]): number[] {
  const best = Math.max(0, ...scores);
  return scores.map((score) => best === 0 ? 0 : Math.floor(score * 100 / best));
}
