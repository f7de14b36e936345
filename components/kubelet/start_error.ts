import { RuntimeError, type RuntimeErrorCode } from "./runtime.ts";
import { SetupError } from "./pod_setup.ts";

/** Why a container could not be started, as its waiting state says it. */
export class StartError extends Error {
  override readonly name = "StartError";
  constructor(readonly reason: string, message: string, readonly image?: string) {
    super(message);
  }
}

const REASONS: Readonly<Partial<Record<RuntimeErrorCode, string>>> = {
  ImagePull: "ErrImagePull",
  ImageNotFound: "ErrImagePull",
  InvalidImageName: "InvalidImageName",
  CreateContainer: "CreateContainerError",
  StartContainer: "RunContainerError",
};

/** Turns whatever a step of a start threw into its reason; `fallback` is the step's own. */
export function startError(error: unknown, fallback: string, image?: string): StartError {
  if (error instanceof StartError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const reason = error instanceof SetupError
    ? error.reason
    : error instanceof RuntimeError
    ? REASONS[error.code] ?? fallback
    : fallback;
  return new StartError(reason, message, image);
}
