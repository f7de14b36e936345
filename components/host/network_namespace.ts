import { output } from "./program.ts";

const DIRECTORY = "/run/netns";

/** Where a named network namespace of this mount namespace is found. */
export function networkNamespacePath(name: string): string {
  return `${DIRECTORY}/${name}`;
}

/** Makes a named network namespace with its loopback up. */
export async function addNetworkNamespace(name: string): Promise<void> {
  await output("ip", ["netns", "add", name]);
  await output("ip", ["-n", name, "link", "set", "lo", "up"]);
}

/** Removes a named network namespace; fine when it is gone. It ends when the last process in it does. */
export async function deleteNetworkNamespace(name: string): Promise<void> {
  try {
    await output("ip", ["netns", "delete", name]);
  } catch (error) {
    if (await exists(networkNamespacePath(name))) throw error;
  }
}

export async function listNetworkNamespaces(): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(DIRECTORY)) names.add(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
