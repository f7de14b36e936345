import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";

/** A network as a CNI configuration list describes it (CNI 0.3.0 to 1.0.0). */
export interface NetworkConfiguration {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConfiguration[];
}

export interface PluginConfiguration extends JsonObject {
  readonly type: string;
}

/** A configuration that cannot be used. The message names the file where there is one. */
export class ConflistError extends Error {
  override readonly name = "ConflistError";
}

const VERSIONS = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
const NEWEST_SPOKEN = "1.0.0";
const FILE_MAXIMUM_BYTES = 1024 * 1024;

/** Reads a `.conflist`, or a `.conf` with one plugin, by its text. Pure. */
export function parseConflist(text: string, file = "conflist"): NetworkConfiguration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConflistError(`${file}: ${error instanceof Error ? error.message : "not JSON"}`);
  }
  if (!isJsonObject(value)) throw new ConflistError(`${file}: not an object`);
  const { name, cniVersion = "0.3.0", plugins } = value;
  if (typeof name !== "string" || !isNetworkName(name)) {
    throw new ConflistError(`${file}: no usable network name`);
  }
  if (typeof cniVersion !== "string" || !VERSIONS.includes(cniVersion)) {
    throw new ConflistError(`${file}: cniVersion ${JSON.stringify(cniVersion)} is not known`);
  }
  const chain = Array.isArray(plugins) ? plugins : plugins === undefined ? [value] : [];
  if (chain.length === 0) throw new ConflistError(`${file}: no plugins`);
  return {
    cniVersion: cniVersion === "1.1.0" ? NEWEST_SPOKEN : cniVersion,
    name,
    plugins: chain.map((plugin) => parsePlugin(plugin, file)),
  };
}

/** The network of a folder: as in every Kubernetes runtime, the first usable file by name. */
export async function loadConflist(directory: string): Promise<NetworkConfiguration | undefined> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (isFile && /\.(conflist|conf|json)$/.test(name)) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  let failure: unknown;
  for (const name of names.sort()) {
    const path = `${directory}/${name}`;
    try {
      const { size } = await Deno.stat(path);
      if (size > FILE_MAXIMUM_BYTES) throw new ConflistError(`${path}: over 1 MiB`);
      return parseConflist(await Deno.readTextFile(path), path);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

export interface DefaultConflistOptions {
  readonly podCidrs: readonly string[];
  /** Where the leases lie: one folder a node. */
  readonly leaseDirectory: string;
  readonly mtu?: number;
}

/**
 * Our own network of a node: every pod on a routed pair of links (`ptp`), so that what passes between pods passes the
 * node's rules; addresses from the node's own range; host ports by `portmap`. What leaves the cluster is masqueraded
 * by the node's rules, not here: between nodes a pod keeps its address. Pure.
 */
export function defaultConflist(options: DefaultConflistOptions): JsonObject {
  return {
    cniVersion: NEWEST_SPOKEN,
    name: "coracle",
    plugins: [
      {
        type: "ptp",
        ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
        ipam: {
          type: "host-local",
          dataDir: options.leaseDirectory,
          ranges: options.podCidrs.map((subnet) => [{ subnet }]),
          routes: options.podCidrs.map((subnet) => ({
            dst: subnet.includes(":") ? "::/0" : "0.0.0.0/0",
          })),
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
}

function parsePlugin(value: JsonValue | JsonObject, file: string): PluginConfiguration {
  if (!isJsonObject(value)) throw new ConflistError(`${file}: a plugin is not an object`);
  const { type } = value;
  // The type is the name of a program: no path.
  if (typeof type !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(type)) {
    throw new ConflistError(`${file}: a plugin has no usable type`);
  }
  return { ...value, type };
}

function isNetworkName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name);
}
