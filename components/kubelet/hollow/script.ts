/** What a hollow container does after its start. */
export interface HollowScript {
  /** Ends by itself with this code, this long after its start; without it, it runs until stopped. */
  readonly exit?: { readonly code: number; readonly afterMilliseconds: number };
}

const FORMAT_MAXIMUM_CHARACTERS = 64;

/**
 * Reads a script out of an image reference: the tag `exit-<code>` ends at once, `exit-<code>-after-<n>ms` or `…s`
 * later. Every other image runs until it is stopped. Pure.
 */
export function hollowScript(image: string): HollowScript {
  const tag = image.slice(image.lastIndexOf(":") + 1);
  if (!tag.startsWith("exit-") || tag.length > FORMAT_MAXIMUM_CHARACTERS) return {};
  const [code, after, delay, ...rest] = tag.slice("exit-".length).split("-");
  const exitCode = Number(code);
  if (code === undefined || code === "" || !Number.isInteger(exitCode)) return {};
  if (after === undefined) return { exit: { code: exitCode, afterMilliseconds: 0 } };
  const milliseconds = duration(delay ?? "");
  if (after !== "after" || milliseconds === undefined || rest.length > 0) return {};
  return { exit: { code: exitCode, afterMilliseconds: milliseconds } };
}

function duration(text: string): number | undefined {
  const isMilliseconds = text.endsWith("ms");
  const unit = isMilliseconds ? 2 : text.endsWith("s") ? 1 : 0;
  const digits = text.slice(0, text.length - unit);
  const value = Number(digits);
  if (unit === 0 || digits === "" || !Number.isFinite(value) || value < 0) return undefined;
  return isMilliseconds ? value : value * 1000;
}
