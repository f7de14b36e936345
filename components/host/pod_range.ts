import type { Route } from "./ip.ts";
import { overlap, parseSubnet } from "./subnet.ts";

/** No range that pods may have is free on this machine. */
export class PodRangeError extends Error {
  override readonly name = "PodRangeError";
}

/** Links of clusters like this one. */
const OURS = "cor-";

/** The range of a cluster's pods on a machine, and whether it is led to the cluster's bridge already. */
export interface PodRange {
  readonly range: string;
  readonly isClaimed: boolean;
}

/**
 * The first of the ranges that no route of the machine touches. Of a single one there is no choice: it must only not be
 * led to another cluster. A range that is led to the bridge is nobody else's as long as the bridge stands. Throws
 * `PodRangeError`. Pure.
 */
export function planPodRange(
  bridge: string,
  ranges: readonly string[],
  routes: readonly Route[],
): PodRange {
  const own = routes.filter(({ dev }) => dev === bridge).map(({ dst }) => dst);
  const claimed = ranges.find((range) => own.includes(range));
  if (claimed !== undefined) return { range: claimed, isClaimed: true };
  const others = routes.filter(({ dev }) => dev !== bridge);
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined) {
    const rival = others.find((route) =>
      route.dst === only || (route.dev?.startsWith(OURS) && touches(route, only))
    );
    if (rival === undefined) return { range: only, isClaimed: false };
    const who = rival.dev?.startsWith(OURS) ? "another cluster" : "a route of this machine";
    throw new PodRangeError(
      `${only}, the range of this cluster's pods, is taken by ${who} (${rival.dst}` +
        `${rival.dev === undefined ? "" : ` on ${rival.dev}`})`,
    );
  }
  const range = ranges.find((candidate) => !others.some((route) => touches(route, candidate)));
  if (range === undefined) throw new PodRangeError("no range is free for pods");
  return { range, isClaimed: false };
}

function touches({ dst }: Route, range: string): boolean {
  const [a, b] = [parseSubnet(dst), parseSubnet(range)];
  return a !== undefined && b !== undefined && a.bits > 0 && overlap(a, b);
}
