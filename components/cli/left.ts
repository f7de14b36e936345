import type { LeftNode } from "../cluster/mod.ts";

/** `node-1 with 2 containers, node-2 with no container`. Pure. */
export function leftText(left: readonly LeftNode[]): string {
  return left.map(({ name, containers }) =>
    `${name} with ${containers === 0 ? "no" : containers} container${containers > 1 ? "s" : ""}`
  ).join(", ");
}
