import type { StatusResponse } from "./messages.ts";

/** The first version of each minor release whose answer to a request for progress never overtakes events. */
const TRUSTED_FROM: readonly (readonly [number, number, number])[] = [[3, 4, 31], [3, 5, 13]];

/** Whether a member's word that nothing is missing up to a revision can be relied on. Pure. */
export function tellsProgress(version: string): boolean {
  const parts = version.split("-")[0]?.split(".").map(Number) ?? [];
  const [major = 0, minor = 0, patch = 0] = parts;
  if (parts.length < 3 || parts.some(Number.isNaN)) return false;
  const release = TRUSTED_FROM.find(([M, m]) => M === major && m === minor);
  if (release !== undefined) return patch >= release[2];
  return major > 3 || major === 3 && minor > 5;
}

/** Of a cluster: every member must have said so, because any of them may come to be asked. Pure. */
export const allTellProgress = (statuses: readonly (StatusResponse | undefined)[]): boolean =>
  statuses.every((status) => status !== undefined && tellsProgress(status.version));
