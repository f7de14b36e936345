import { ApiError, type JsonObject, type Status, type StatusDetails } from "../../../base/mod.ts";

/** A webhook that could not be asked or understood: whether that matters is for its failure policy to say. */
export class CallError extends Error {
  constructor(webhook: string, reason: string) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`);
  }
}

const LEAST_CODE = 400;

/** The error that a webhook's no becomes: its own Status, with who said it. Pure. */
export function denial(webhook: string, result: JsonObject | undefined): ApiError {
  const { code, reason, message, details } = (result ?? {}) as Partial<Status>;
  const deniedBy = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const text = typeof message === "string" && message !== ""
    ? `${deniedBy}: ${message}`
    : typeof reason === "string" && reason !== ""
    ? `${deniedBy}: ${reason}`
    : `${deniedBy} without explanation`;
  return new ApiError(
    typeof code === "number" && Number.isInteger(code) && code >= LEAST_CODE && code < 600
      ? code
      : LEAST_CODE,
    typeof reason === "string" ? reason : "",
    text,
    typeof details === "object" && details !== null ? details as StatusDetails : undefined,
  );
}
