import { outputOf } from "./program.ts";

/** Applies a ruleset in one transaction: all of it or, with the kernel's complaint thrown, nothing. */
export async function applyRuleset(ruleset: string, prefix: readonly string[] = []): Promise<void> {
  await outputOf([...prefix, "nft", "-f", "-"], { stdin: ruleset });
}

/** Deletes a table and all in it. Fine when it is not there. */
export async function deleteTable(
  family: "ip" | "ip6" | "inet",
  name: string,
  prefix: readonly string[] = [],
): Promise<void> {
  // Adding it first is nft's way to make a deletion that cannot fail.
  await applyRuleset(`add table ${family} ${name}\ndelete table ${family} ${name}\n`, prefix);
}
