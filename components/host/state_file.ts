/** Writes JSON so that a reader, or a machine that lost power, sees the old text or the new one, never half. */
export async function writeState(path: string, state: unknown): Promise<void> {
  const temporary = `${path}.tmp`;
  await Deno.writeTextFile(temporary, JSON.stringify(state), { mode: 0o600 });
  await Deno.rename(temporary, path);
}

/** Reads what `writeState` wrote; undefined when it is absent or unreadable as JSON. */
export async function readState<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

export async function removeState(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
