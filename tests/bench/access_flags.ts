import type { Access } from "./api_client.ts";
import { readKubeconfig } from "./kubeconfig.ts";

/** The flags that say which server is measured. */
export const ACCESS_FLAGS = {
  server: { type: "string" },
  token: { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  kubeconfig: { type: "string" },
} as const;

/** How to reach the server that the flags name; undefined where they name none. */
export async function givenAccess(
  flags: { readonly [name in keyof typeof ACCESS_FLAGS]?: string | undefined },
): Promise<Access | undefined> {
  if (flags.kubeconfig !== undefined) return await readKubeconfig(flags.kubeconfig);
  if (flags.server === undefined) return undefined;
  const ca = flags.ca === undefined ? undefined : await Deno.readTextFile(flags.ca);
  const certificate = flags.cert === undefined || flags.key === undefined ? undefined : {
    cert: await Deno.readTextFile(flags.cert),
    key: await Deno.readTextFile(flags.key),
  };
  return {
    server: flags.server.replace(/\/$/, ""),
    ...(ca === undefined ? {} : { ca }),
    ...(flags.token === undefined ? {} : { token: flags.token }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}
