import { isJsonObject, type JsonObject } from "../../base/mod.ts";
import { readYaml } from "../../api/served.ts";
import { ConfigurationError } from "./fields.ts";

/** A configuration file as it was read, and the version it is written in. */
export interface ConfigurationDocument {
  readonly apiVersion: string;
  readonly content: JsonObject;
}

/** Reads YAML or JSON of one kind in one of its versions. Throws `ConfigurationError`. */
export function readConfigurationDocument(
  text: string,
  kind: string,
  apiVersions: readonly string[],
): ConfigurationDocument {
  const { value, error, duplicates } = readYaml(text);
  if (error !== undefined) throw new ConfigurationError(error);
  if (duplicates.length > 0) {
    throw new ConfigurationError(`strict decoding error: ${duplicates.join(", ")}`);
  }
  if (!isJsonObject(value)) throw new ConfigurationError(`no ${kind} in the file`);
  const { apiVersion, kind: written, ...content } = value;
  if (written !== kind) {
    throw new ConfigurationError(
      `expected kind ${JSON.stringify(kind)}, found ${JSON.stringify(written ?? "")}`,
    );
  }
  if (typeof apiVersion !== "string" || !apiVersions.includes(apiVersion)) {
    throw new ConfigurationError(
      `no kind ${JSON.stringify(kind)} is registered for version ${
        JSON.stringify(apiVersion ?? "")
      }`,
    );
  }
  return { apiVersion, content };
}
