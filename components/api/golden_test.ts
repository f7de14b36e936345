import assert from "node:assert/strict";

const folder = new URL("../../tests/golden/", import.meta.url);

/** Compares a value with the file of that name in tests/golden; with UPDATE_GOLDEN=1 the file is written anew. */
export function matchGolden(name: string, value: unknown): void {
  const file = new URL(`${name}.json`, folder);
  const text = `${JSON.stringify(value, null, 1)}\n`;
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  assert.deepEqual(JSON.parse(text), JSON.parse(Deno.readTextFileSync(file)), name);
}
