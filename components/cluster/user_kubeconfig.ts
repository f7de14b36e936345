import { writeSecret } from "./data_directory.ts";
import { mergeKubeconfig, userKubeconfigPath, withoutContext } from "./kubeconfig_file.ts";
import { CONTEXT_NAME } from "./control_plane.ts";
import { plainMessage } from "./start_error.ts";

type Environment = (name: string) => string | undefined;

/** Adds the cluster's context to the kubeconfig that kubectl reads. Answers why it could not. */
export async function mergeUserKubeconfig(
  adminKubeconfig: string,
  environment: Environment,
): Promise<string | undefined> {
  const path = userKubeconfigPath(environment);
  if (path === undefined) return "HOME is not set";
  try {
    const addition = await Deno.readTextFile(adminKubeconfig);
    const existing = await readIfThere(path);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")) || ".", {
      recursive: true,
      mode: 0o750,
    });
    await writeSecret(path, mergeKubeconfig(existing ?? "", addition, path));
    return undefined;
  } catch (error) {
    return plainMessage(error);
  }
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
    const left = withoutContext(existing, CONTEXT_NAME, path);
    if (existing.includes(authority)) await writeSecret(path, left);
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
