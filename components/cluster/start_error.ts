/** Something of the machine or of the user's that keeps the cluster from starting: one clear line, no stack. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** The line that a user reads for any error. */
export function plainMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
