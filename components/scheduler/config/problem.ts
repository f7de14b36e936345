/** `path: Invalid value: "x": why`, as upstream writes what is wrong with a field. Pure. */
export function invalidValue(path: string, value: unknown, why: string): string {
  return `${path}: Invalid value: ${JSON.stringify(value)}: ${why}`;
}

export function required(path: string, why: string): string {
  return `${path}: Required value${why === "" ? "" : `: ${why}`}`;
}

export function duplicate(path: string, value: unknown): string {
  return `${path}: Duplicate value: ${JSON.stringify(value)}`;
}

export function forbiddenField(path: string, why: string): string {
  return `${path}: Forbidden: ${why}`;
}

export function unsupported(path: string, value: unknown, allowed: readonly string[]): string {
  const list = allowed.map((one) => JSON.stringify(one)).join(", ");
  return `${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
}
