import { writeSecret } from "./data_directory.ts";
import { mergeKubeconfig, userKubeconfigPath, withoutCluster } from "./kubeconfig_file.ts";
import { CONTEXT_NAME } from "./control_plane.ts";
import { plainMessage } from "./start_error.ts";

type Environment = (name: string) => string | undefined;

/** What became of the kubeconfig that kubectl reads. */
export type MergeOutcome =
  | { readonly context: string }
  /** Why it is as it was. */
  | { readonly problem: string };

/** Adds the cluster's context to the kubeconfig that kubectl reads, and switches to it. */
export async function mergeUserKubeconfig(
  adminKubeconfig: string,
  environment: Environment,
): Promise<MergeOutcome> {
  const path = userKubeconfigPath(environment);
  if (path === undefined) return { problem: "HOME is not set" };
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")) || ".", {
      recursive: true,
      mode: 0o750,
    });
    return { context: await mergeKubeconfigFile(adminKubeconfig, path) };
  } catch (error) {
    return { problem: plainMessage(error) };
  }
}

/** Adds the cluster's context to a file, which may have others. Answers the context's name there. Rejects with why not. */
export async function mergeKubeconfigFile(adminKubeconfig: string, path: string): Promise<string> {
  const addition = await Deno.readTextFile(adminKubeconfig);
  const merged = mergeKubeconfig(await readIfThere(path) ?? "", addition, path);
  await writeSecret(path, merged.text);
  return merged.context;
}

const AUTHORITY = /certificate-authority-data: *"?([A-Za-z0-9+/=]+)/;

/** What tells a cluster's entries from those of another with the same names. Undefined where there is no cluster. */
export async function authorityOf(adminKubeconfig: string): Promise<string | undefined> {
  return AUTHORITY.exec(await readIfThere(adminKubeconfig) ?? "")?.[1];
}

/** Takes the context of the cluster with that authority out of it again; entries of others stay. */
export async function withoutUserContext(
  environment: Environment,
  authority: string | undefined,
): Promise<void> {
  if (authority === undefined) return;
  const path = userKubeconfigPath(environment);
  const existing = path === undefined ? undefined : await readIfThere(path).catch(() => undefined);
  if (path === undefined || existing === undefined) return;
  try {
    const left = withoutCluster(existing, CONTEXT_NAME, authority, path);
    if (left !== undefined) await writeSecret(path, left);
  } catch {
    // Not a kubeconfig that we have written.
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
