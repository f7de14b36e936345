import {
  type AdmissionConfiguration,
  type ApiServerOptions,
  ConfigurationError,
  readAdmissionConfiguration,
} from "../apiserver/mod.ts";
import { authenticationSettings, parseTokenFile } from "./authentication_files.ts";
import { StartError } from "./start_error.ts";

/** What an API server is told beyond where it runs: names and files, as kube-apiserver's flags of these names. */
export interface ApiServerFlags {
  readonly enableAdmissionPlugins?: readonly string[];
  readonly disableAdmissionPlugins?: readonly string[];
  readonly admissionControlConfigFile?: string;
  readonly authenticationConfig?: string;
  readonly anonymousAuth?: string;
  readonly tokenAuthFile?: string;
  readonly authenticationTokenWebhookConfigFile?: string;
  readonly authenticationTokenWebhookVersion?: string;
  readonly authenticationTokenWebhookCacheTtl?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcCaFile?: string;
  readonly oidcUsernameClaim?: string;
  readonly oidcUsernamePrefix?: string;
  readonly oidcGroupsClaim?: string;
  readonly oidcGroupsPrefix?: string;
  readonly oidcRequiredClaim?: readonly string[];
  readonly oidcSigningAlgs?: readonly string[];
}

/** The part of an API server's options that flags and their files decide. */
export type ApiServerSettings = Pick<ApiServerOptions, "admission" | "authentication" | "tokens">;

/** Reads the files that the flags name. Rejects with `StartError` for what is wrong in one. */
export async function readApiServerSettings(
  flags: ApiServerFlags,
  ownIssuers: readonly string[] = [],
): Promise<ApiServerSettings> {
  try {
    return {
      admission: await admissionOf(flags),
      authentication: await authenticationSettings(flags, ownIssuers),
      ...(flags.tokenAuthFile === undefined
        ? {}
        : { tokens: parseTokenFile(await readText(flags.tokenAuthFile), flags.tokenAuthFile) }),
    };
  } catch (error) {
    if (error instanceof ConfigurationError) throw new StartError(error.message);
    throw error;
  }
}

async function admissionOf(flags: ApiServerFlags): Promise<AdmissionConfiguration> {
  const { admissionControlConfigFile: file } = flags;
  const plugins = file === undefined ? new Map() : await readAdmissionConfiguration(
    await readText(file),
    (path) => readText(path.startsWith("/") ? path : besides(file, path)),
  );
  return {
    enable: flags.enableAdmissionPlugins ?? [],
    disable: flags.disableAdmissionPlugins ?? [],
    plugins,
  };
}

/** A path in the folder of another file. */
function besides(file: string, path: string): string {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? path : file.slice(0, slash + 1) + path;
}

/** The text of a file; rejects with `StartError`. */
export async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new StartError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}
