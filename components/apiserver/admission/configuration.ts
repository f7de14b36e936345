import type { JsonValue } from "../../base/mod.ts";
import { readYaml } from "../../api/served.ts";
import {
  anything,
  ConfigurationError,
  type Field,
  list,
  members,
  optional,
  readConfigurationDocument,
  text,
} from "../configuration/mod.ts";
import type { WebhookEndpoint } from "../review_webhook.ts";

/** What a plugin is configured with, as its file has it: its own kind, or what stands in the one file for all. */
export type PluginConfigurations = ReadonlyMap<string, JsonValue>;

/** Which plugins run beyond the usual ones, which do not, and with what. */
export interface AdmissionConfiguration {
  readonly enable: readonly string[];
  readonly disable: readonly string[];
  readonly plugins: PluginConfigurations;
  /** Where backends of plugins are, by the paths of the kubeconfigs that lead there. */
  readonly endpoints?: ReadonlyMap<string, WebhookEndpoint>;
}

const VERSIONS = ["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1alpha1"];

const file = members({
  plugins: list(members({
    name: text,
    path: optional(text),
    configuration: optional(anything),
  })),
});

/**
 * Reads `--admission-control-config-file`. `readFile` gives the text of a file that it names, relative to it. Throws
 * `ConfigurationError`.
 */
export async function readAdmissionConfiguration(
  written: string,
  readFile: (path: string) => Promise<string>,
): Promise<PluginConfigurations> {
  const { content } = readConfigurationDocument(written, "AdmissionConfiguration", VERSIONS);
  const found = new Map<string, JsonValue>();
  for (const { name, path, configuration } of file(content, "").plugins) {
    if (found.has(name)) {
      throw new ConfigurationError(`plugin ${JSON.stringify(name)} is configured twice`);
    }
    if (configuration !== undefined) found.set(name, configuration);
    else if (path !== undefined && path !== "") {
      found.set(name, valueOf(path, await readFile(path)));
    }
  }
  return found;
}

function valueOf(path: string, written: string): JsonValue {
  const { value, error } = readYaml(written);
  if (error !== undefined) throw new ConfigurationError(`${path}: ${error}`);
  return value;
}

/** A plugin's own configuration, without its kind; undefined where there is none. */
export function pluginConfiguration<T>(
  plugins: PluginConfigurations,
  name: string,
  field: Field<T>,
): T | undefined {
  const value = plugins.get(name);
  if (value === undefined || value === null) return undefined;
  const { apiVersion: _version, kind: _kind, ...content } = value as Record<string, JsonValue>;
  try {
    return field(content, "");
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(
      `couldn't init admission plugin ${JSON.stringify(name)}: ${error.message}`,
    );
  }
}
