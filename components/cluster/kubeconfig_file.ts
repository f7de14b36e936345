import { yamlLibrary } from "../api/mod.ts";
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
const AUTHORITY = "certificate-authority-data";

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

/** A kubeconfig with another one's entries, and the context under which these stand in it. */
export interface MergedKubeconfig {
  readonly text: string;
  readonly context: string;
}

/** How often another name is tried for a cluster whose name is taken. */
const NAMES_MAXIMUM = 1000;

/**
 * A kubeconfig with the cluster, user and context that `addition` holds, and with that as its current context. They
 * replace those of the same cluster, told by its authority; where entries of another cluster have the name, theirs
 * gets a number: `coracle-2`. Everything else stays. Pure; throws `StartError` where `existing` is no kubeconfig.
 */
export function mergeKubeconfig(
  existing: string,
  addition: string,
  path: string,
): MergedKubeconfig {
  const config = parseConfig(existing, path);
  const added = parseConfig(addition, "addition");
  const name = text(added["current-context"]);
  const context = entry(added, "contexts", name, "context");
  const cluster = entry(added, "clusters", text(context?.["cluster"]), "cluster");
  const user = entry(added, "users", text(context?.["user"]), "user");
  if (context === undefined || cluster === undefined || user === undefined) {
    throw new StartError("addition has no current context");
  }
  const names = Array.from(
    { length: NAMES_MAXIMUM },
    (_, i) => i === 0 ? name : `${name}-${i + 1}`,
  );
  const chosen = names.find((each) => isSame(config, each, cluster)) ??
    names.find((each) => isFree(config, each));
  if (chosen === undefined) throw new StartError(`${path} has too many clusters named ${name}`);
  const admin = userName(chosen);
  const fresh = {
    clusters: { name: chosen, cluster },
    users: { name: admin, user },
    contexts: { name: chosen, context: { ...context, cluster: chosen, user: admin } },
  };
  for (const list of LISTS) {
    const kept = entries(config, list).filter((item) => item["name"] !== fresh[list].name);
    config[list] = [...kept, fresh[list]];
  }
  return {
    text: yamlLibrary().stringify({
      ...config,
      apiVersion: "v1",
      kind: "Config",
      "current-context": chosen,
    }),
    context: chosen,
  };
}

const userName = (cluster: string) => `${cluster}-admin`;

/** Whether the entries of that name are this cluster's, by its authority. */
function isSame(config: JsonObject, name: string, cluster: JsonObject): boolean {
  const known = entry(config, "clusters", name, "cluster");
  if (known === undefined || !sameAuthority(known, cluster)) return false;
  const context = entry(config, "contexts", name, "context");
  return context === undefined
    ? entry(config, "users", userName(name), "user") === undefined
    : text(context["cluster"]) === name && text(context["user"]) === userName(name);
}

function isFree(config: JsonObject, name: string): boolean {
  return entry(config, "clusters", name, "cluster") === undefined &&
    entry(config, "contexts", name, "context") === undefined &&
    entry(config, "users", userName(name), "user") === undefined;
}

function sameAuthority(one: JsonObject, other: JsonObject): boolean {
  const authority = text(one[AUTHORITY]);
  return authority !== "" && authority === text(other[AUTHORITY]);
}

/**
 * A kubeconfig without what `mergeKubeconfig` added for the cluster of that authority: what has the name, or the name
 * and a number. Undefined where there is nothing of it. Pure.
 */
export function withoutCluster(
  existing: string,
  name: string,
  authority: string,
  path: string,
): string | undefined {
  const config = parseConfig(existing, path);
  const gone = new Set(
    entries(config, "clusters").flatMap((item) => {
      const { name: found, cluster } = item;
      const isOurs = typeof found === "string" && isJsonObject(cluster) &&
        text(cluster[AUTHORITY]) === authority &&
        (found === name ||
          found.startsWith(`${name}-`) && /^[0-9]+$/.test(found.slice(name.length + 1)));
      return isOurs && isSame(config, found, cluster) ? [found] : [];
    }),
  );
  if (gone.size === 0) return undefined;
  for (const list of LISTS) {
    config[list] = entries(config, list).filter((item) =>
      ![...gone].some((each) => item["name"] === (list === "users" ? userName(each) : each))
    );
  }
  if (gone.has(text(config["current-context"]))) config["current-context"] = "";
  return yamlLibrary().stringify(config);
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
    config = yamlLibrary().parse(source) ?? {};
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
