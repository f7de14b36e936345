import { yamlLibrary } from "../../api/mod.ts";
import { isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { SchedulerConfiguration, SchedulerProfile } from "./configuration.ts";
import { withDefaults } from "./defaults.ts";
import { ConfigurationError, unknownMembers } from "./shape.ts";
import { ARGS_SHAPES, CONFIGURATION_SHAPE } from "./shapes.ts";
import { validateConfiguration } from "./validation.ts";

export const GROUP_VERSION = "kubescheduler.config.k8s.io/v1";
const GROUP = "kubescheduler.config.k8s.io";
const KIND = "KubeSchedulerConfiguration";

/** The configuration that a file's text is, defaults filled in and checked. Throws `ConfigurationError`. */
export function readConfiguration(text: string): SchedulerConfiguration {
  const configuration = withDefaults(decodeConfiguration(text));
  const problems = validateConfiguration(configuration);
  if (problems.length > 0) {
    throw new ConfigurationError(problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`);
  }
  return configuration;
}

/** Upstream's configuration where none is given. */
export function defaultConfiguration(): SchedulerConfiguration {
  return withDefaults({ apiVersion: GROUP_VERSION, kind: KIND });
}

/** The text's object, as strictly read as upstream does. Pure. */
export function decodeConfiguration(text: string): Partial<SchedulerConfiguration> {
  let value: unknown;
  try {
    value = yamlLibrary().parse(text, { maxAliasCount: 0, uniqueKeys: true });
  } catch (error) {
    throw new ConfigurationError(`strict decoding error: yaml: ${(error as Error).message}`);
  }
  if (!isJsonObject(value)) {
    throw new ConfigurationError(`Object 'Kind' is missing in '${text.slice(0, 200)}'`);
  }
  checkKind(value);
  const strict = unknownMembers(value, CONFIGURATION_SHAPE, KIND)
    .map((path) => `unknown field ${JSON.stringify(path)}`);
  const profiles = (value["profiles"] ?? []) as unknown as readonly SchedulerProfile[];
  profiles.forEach((profile, i) => {
    (profile?.pluginConfig ?? []).forEach((config, j) => {
      const problem = argsProblem(config?.name ?? "", (config?.args ?? {}) as JsonObject);
      if (problem === undefined) return;
      const text = `decoding .profiles[${i}].pluginConfig[${j}]: ${problem.message}`;
      if (!problem.strict) throw new ConfigurationError(text);
      strict.push(text);
    });
  });
  if (strict.length > 0) {
    throw new ConfigurationError(`strict decoding error: ${strict.join(", ")}`);
  }
  return value as unknown as Partial<SchedulerConfiguration>;
}

function checkKind(value: JsonObject): void {
  const { apiVersion = "", kind = "" } = value as { apiVersion?: string; kind?: string };
  if (kind === "") throw new ConfigurationError(`Object 'Kind' is missing in the configuration`);
  if (apiVersion === "") {
    throw new ConfigurationError(`Object 'apiVersion' is missing in the configuration`);
  }
  if (apiVersion !== GROUP_VERSION || kind !== KIND) {
    throw new ConfigurationError(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    );
  }
}

function argsProblem(
  plugin: string,
  args: JsonObject,
): { readonly message: string; readonly strict: boolean } | undefined {
  const shape = Object.hasOwn(ARGS_SHAPES, plugin) ? ARGS_SHAPES[plugin] : undefined;
  // Plugins of a user's own read theirs themselves.
  if (shape === undefined) return undefined;
  const wanted = `${plugin}Args`;
  const kind = args["kind"] ?? wanted;
  if (kind !== wanted) {
    const message =
      `args for plugin ${plugin} were not of type ${wanted}.${GROUP}, got ${kind}.${GROUP}`;
    return { message, strict: false };
  }
  try {
    const unknown = unknownMembers(args, shape, wanted);
    if (unknown.length === 0) return undefined;
    const text = unknown.map((path) => `unknown field ${JSON.stringify(path)}`).join(", ");
    return {
      message:
        `strict decoding error: decoding args for plugin ${plugin}: strict decoding error: ${text}`,
      strict: true,
    };
  } catch (error) {
    return {
      message: `decoding args for plugin ${plugin}: ${(error as Error).message}`,
      strict: false,
    };
  }
}
