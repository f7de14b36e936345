import { isJsonObject, type JsonObject } from "../../base/mod.ts";

/** A plugin's complaint, or ours about it. Codes below 100 are CNI's own; 11 means: try again later. */
export class CniError extends Error {
  override readonly name = "CniError";
  constructor(readonly plugin: string, readonly code: number, message: string) {
    super(message);
  }
}

/** Our code for a plugin that did not answer in CNI's terms. */
export const CODE_NO_ANSWER = 999;

/** The addresses of an ADD result, without prefix lengths, in the plugin's order. Pure. */
export function resultAddresses(result: JsonObject): string[] {
  const addresses: string[] = [];
  for (const ip of Array.isArray(result.ips) ? result.ips : []) {
    if (!isJsonObject(ip) || typeof ip.address !== "string") continue;
    addresses.push(ip.address.split("/", 1)[0] ?? "");
  }
  return addresses.filter((address) => address !== "");
}

/** Reads what a plugin printed when it ended with 0; nothing printed is an empty result. Pure. */
export function parseResult(plugin: string, stdout: string): JsonObject {
  if (stdout.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw new CniError(plugin, CODE_NO_ANSWER, `plugin ${plugin} answered what is not JSON`);
  }
  if (!isJsonObject(value)) {
    throw new CniError(plugin, CODE_NO_ANSWER, `plugin ${plugin} answered no object`);
  }
  return value;
}

/** Reads what a plugin printed when it failed. Pure. */
export function parseFailure(
  plugin: string,
  exitCode: number,
  stdout: string,
  stderr: string,
): CniError {
  try {
    const value: unknown = JSON.parse(stdout);
    if (isJsonObject(value) && typeof value.msg === "string") {
      const details = typeof value.details === "string" && value.details !== ""
        ? `; ${value.details}`
        : "";
      const code = typeof value.code === "number" ? value.code : CODE_NO_ANSWER;
      return new CniError(
        plugin,
        code,
        `plugin type="${plugin}" failed: ${value.msg}${details}`,
      );
    }
  } catch {
    // It failed without saying so in CNI's terms.
  }
  const said = (stderr.trim() || stdout.trim() || `exit status ${exitCode}`).slice(0, 1_000);
  return new CniError(plugin, CODE_NO_ANSWER, `plugin type="${plugin}" failed: ${said}`);
}
