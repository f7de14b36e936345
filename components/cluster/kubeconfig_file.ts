import { parse, stringify } from "yaml";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/mod.ts";
import { StartError } from "./start_error.ts";

/** One context of a kubeconfig with all that it needs. PEM texts. */
export interface KubeconfigAccess {
  readonly server: string;
  readonly namespace?: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

/** The lists of a kubeconfig, each of `{name, <member>}`. */
const LISTS = ["clusters", "users", "contexts"] as const;

/** Reads the file's current context, or the one that is named. Rejects with `StartError`. */
export async function readKubeconfig(path: string, context?: string): Promise<KubeconfigAccess> {
  const config = parseConfig(await readText(path), path);
  const name = context ?? text(config["current-context"]);
  const chosen = entry(config, "contexts", name, "context");
  if (chosen === undefined) throw new StartError(`${path}: no context ${JSON.stringify(name)}`);
  const cluster = entry(config, "clusters", text(chosen["cluster"]), "cluster");
  const server = text(cluster?.["server"]);
  if (server === "") throw new StartError(`${path}: context ${name} names no server`);
  const user = entry(config, "users", text(chosen["user"]), "user") ?? {};
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const pem = async (holder: JsonObject, member: string) => {
    const data = text(holder[`${member}-data`]);
    if (data !== "") return new TextDecoder().decode(Uint8Array.fromBase64(data));
    const file = text(holder[member]);
    return file === "" ? undefined : await readText(file.startsWith("/") ? file : folder + file);
  };
  const [authority, certificate, key] = await Promise.all([
    pem(cluster ?? {}, "certificate-authority"),
    pem(user, "client-certificate"),
    pem(user, "client-key"),
  ]);
  const tokenFile = text(user["tokenFile"]);
  const token = tokenFile === ""
    ? text(user["token"])
    : (await readText(tokenFile.startsWith("/") ? tokenFile : folder + tokenFile)).trim();
  const namespace = text(chosen["namespace"]);
  return {
    server: server.endsWith("/") ? server.slice(0, -1) : server,
    ...(namespace === "" ? {} : { namespace }),
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(token === "" ? {} : { token }),
  };
}

/**
 * A kubeconfig with all that `addition` holds, replacing what has the same names, and with its current context.
 * Everything else stays. Pure; throws `StartError` where `existing` is no kubeconfig.
 */
export function mergeKubeconfig(existing: string, addition: string, path: string): string {
  const config = parseConfig(existing, path);
  const added = parseConfig(addition, "addition");
  for (const list of LISTS) {
    const fresh = entries(added, list);
    const names = new Set(fresh.map((item) => item["name"]));
    const kept = entries(config, list).filter((item) => !names.has(item["name"]));
    config[list] = [...kept, ...fresh];
  }
  return stringify({
    ...config,
    apiVersion: "v1",
    kind: "Config",
    "current-context": added["current-context"],
  });
}

/** A kubeconfig without the context of that name and the cluster and user it names. Pure. */
export function withoutContext(existing: string, name: string, path: string): string {
  const config = parseConfig(existing, path);
  const context = entry(config, "contexts", name, "context");
  const gone = {
    contexts: name,
    clusters: text(context?.["cluster"]),
    users: text(context?.["user"]),
  };
  for (const list of LISTS) {
    config[list] = entries(config, list).filter((item) => item["name"] !== gone[list]);
  }
  if (config["current-context"] === name) config["current-context"] = "";
  return stringify(config);
}

/** The file that kubectl reads: the first of `KUBECONFIG`, else `~/.kube/config`. Pure. */
export function userKubeconfigPath(
  environment: (name: string) => string | undefined,
): string | undefined {
  const listed = (environment("KUBECONFIG") ?? "").split(":").find((part) => part !== "");
  if (listed !== undefined) return listed;
  const home = environment("HOME");
  return home === undefined || home === "" ? undefined : `${home}/.kube/config`;
}

function parseConfig(source: string, path: string): JsonObject {
  let config: unknown;
  try {
    config = parse(source) ?? {};
  } catch {
    throw new StartError(`${path} is not YAML`);
  }
  if (!isJsonObject(config)) throw new StartError(`${path} is not a kubeconfig`);
  return config;
}

function entries(config: JsonObject, list: string): JsonObject[] {
  const items = config[list];
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
}

function entry(
  config: JsonObject,
  list: string,
  name: string,
  member: string,
): JsonObject | undefined {
  const found = entries(config, list).find((item) => item["name"] === name)?.[member];
  return isJsonObject(found) ? found : undefined;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new StartError(
      error instanceof Deno.errors.NotFound
        ? `${path} does not exist`
        : `cannot read ${path}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
