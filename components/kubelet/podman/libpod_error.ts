const ERROR_MAXIMUM_CHARACTERS = 4_096;

/** Podman answered with an error. */
export class LibpodError extends Error {
  override readonly name = "LibpodError";
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** Podman's complaint from an answer: its `message`, or `cause`, or the text as it is. */
export async function libpodError(response: Response): Promise<LibpodError> {
  return new LibpodError(response.status, complaint(await response.text(), response.status));
}

/** Pure. */
export function complaint(text: string, status: number): string {
  try {
    const { message, cause } = JSON.parse(text) as { message?: string; cause?: string };
    const said = message ?? cause;
    if (typeof said === "string" && said !== "") return said.slice(0, ERROR_MAXIMUM_CHARACTERS);
  } catch {
    // Not JSON: shown as it is.
  }
  return text.trim().slice(0, ERROR_MAXIMUM_CHARACTERS) || `Podman answered ${status}`;
}
