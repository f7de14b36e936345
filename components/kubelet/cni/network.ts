import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { programPath, run, type RunResult } from "../../host/mod.ts";
import type { NetworkConfiguration, PluginConfiguration } from "./conflist.ts";
import { CniError, CODE_NO_ANSWER, parseFailure, parseResult } from "./result.ts";

/** A plugin that takes longer hangs. */
const PLUGIN_TIMEOUT_MILLISECONDS = 60_000;

/** One pod's connection to the network. */
export interface Attachment {
  readonly containerId: string;
  /** Path of the network namespace; empty when it is gone and only leases are to be given back. */
  readonly netns: string;
  readonly ifname: string;
  /** By capability name: `portMappings`, `bandwidth`, …; handed to plugins that declare it. */
  readonly runtimeConfig: JsonObject;
  /** CNI_ARGS, such as the pod's name: `K8S_POD_NAME`. */
  readonly args?: Readonly<Record<string, string>>;
}

/** What ADD leaves to be kept until DEL: the network as it was then, and its result. */
export interface AttachmentRecord {
  readonly network: NetworkConfiguration;
  readonly result: JsonObject;
}

export interface PluginCall {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

/** Runs plugin programs; a test gives its own. */
export type PluginRunner = (call: PluginCall) => Promise<RunResult>;

/** Calls network plugins as CNI says. */
export class NetworkPlugins {
  readonly #directories: readonly string[];
  readonly #run: PluginRunner;

  /** `directories` are searched for plugin programs, in order. */
  constructor(directories: readonly string[], runner: PluginRunner = runPlugin) {
    this.#directories = directories;
    this.#run = runner;
  }

  /** Runs the chain. When a plugin fails, what ran before it is undone and its `CniError` thrown. */
  async add(network: NetworkConfiguration, attachment: Attachment): Promise<AttachmentRecord> {
    let result: JsonObject = {};
    for (const [index, plugin] of network.plugins.entries()) {
      try {
        const answer = await this.#call("ADD", network, plugin, attachment, index > 0, result);
        // Only IPAM plugins answer nothing, and those are not in a chain.
        result = Object.keys(answer).length === 0 ? result : answer;
      } catch (error) {
        await this.delete({ network, result }, attachment).catch(() => {});
        throw error;
      }
    }
    return { network, result };
  }

  /** Runs the chain backwards, all of it also when one fails; the first failure is thrown at the end. */
  async delete(record: AttachmentRecord, attachment: Attachment): Promise<void> {
    let failure: unknown;
    const { network, result } = record;
    const known = Object.keys(result).length > 0;
    for (const plugin of network.plugins.toReversed()) {
      try {
        await this.#call("DEL", network, plugin, attachment, known, result);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Why the network cannot be used now: a plugin's program is missing. */
  async missingPlugin(network: NetworkConfiguration): Promise<string | undefined> {
    for (const { type } of network.plugins) {
      if (await this.#find(type) === undefined) {
        return `failed to find plugin "${type}" in path [${this.#directories.join(" ")}]`;
      }
    }
    return undefined;
  }

  async #call(
    command: "ADD" | "DEL",
    network: NetworkConfiguration,
    plugin: PluginConfiguration,
    attachment: Attachment,
    withResult: boolean,
    previous: JsonObject,
  ): Promise<JsonObject> {
    const program = await this.#find(plugin.type);
    if (program === undefined) {
      const where = this.#directories.join(" ");
      throw new CniError(
        plugin.type,
        CODE_NO_ANSWER,
        `failed to find plugin "${plugin.type}" in path [${where}]`,
      );
    }
    const stdin = pluginInput(network, plugin, attachment, withResult ? previous : undefined);
    const env = pluginEnvironment(command, attachment, this.#directories);
    const { code, stdout, stderr, timedOut } = await this.#run({
      program,
      env,
      stdin: JSON.stringify(stdin),
    });
    if (timedOut) {
      throw new CniError(plugin.type, CODE_NO_ANSWER, `plugin type="${plugin.type}" timed out`);
    }
    if (code !== 0) throw parseFailure(plugin.type, code, stdout, stderr);
    return command === "ADD" ? parseResult(plugin.type, stdout) : {};
  }

  async #find(type: string): Promise<string | undefined> {
    for (const directory of this.#directories) {
      const path = `${directory}/${type}`;
      if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
    }
    return undefined;
  }
}

/** What a plugin reads: its part of the list with the network's name, version and what the runtime adds. Pure. */
export function pluginInput(
  network: NetworkConfiguration,
  plugin: PluginConfiguration,
  attachment: Attachment,
  previous: JsonObject | undefined,
): JsonObject {
  const { capabilities, ...configuration } = plugin as JsonObject;
  const runtimeConfig: Record<string, JsonValue> = {};
  if (typeof capabilities === "object" && capabilities !== null && !Array.isArray(capabilities)) {
    for (const [name, on] of Object.entries(capabilities)) {
      const value = attachment.runtimeConfig[name];
      if (on === true && value !== undefined) runtimeConfig[name] = value;
    }
  }
  return {
    ...configuration,
    name: network.name,
    cniVersion: network.cniVersion,
    ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
    ...(previous === undefined ? {} : { prevResult: previous }),
  };
}

/** A plugin's environment. Pure but for the search path. */
export function pluginEnvironment(
  command: "ADD" | "DEL",
  attachment: Attachment,
  directories: readonly string[],
): Record<string, string> {
  const args = Object.entries({ IgnoreUnknown: "1", ...attachment.args });
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.netns,
    CNI_IFNAME: attachment.ifname,
    CNI_PATH: directories.join(":"),
    CNI_ARGS: args.map(([name, value]) => `${name}=${value.replaceAll(";", "")}`).join(";"),
    PATH: programPath(),
  };
}

function runPlugin({ program, env, stdin }: PluginCall): Promise<RunResult> {
  return run(program, [], {
    stdin,
    env,
    clearEnv: true,
    timeoutMilliseconds: PLUGIN_TIMEOUT_MILLISECONDS,
  });
}
