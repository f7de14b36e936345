/** Built-in admission, in upstream's order. */
import { RbacEscalation } from "../authz/mod.ts";
import { ConfigurationError } from "../configuration/mod.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { certificateRequester } from "./certificates.ts";
import type { AdmissionConfiguration } from "./configuration.ts";
import { type AdmissionOptions, PLUGINS } from "./plugins.ts";

export {
  type AdmissionConfiguration,
  type PluginConfigurations,
  readAdmissionConfiguration,
} from "./configuration.ts";
export { AdmissionExtensions } from "./extensions.ts";
export type { AdmissionOptions } from "./plugins.ts";

const AS_USUAL: AdmissionConfiguration = { enable: [], disable: [], plugins: new Map() };

/** The plugins that run, in order. Throws `ConfigurationError` for names and configurations that are wrong. */
export function admissionPlugins(
  options: AdmissionOptions,
  { enable, disable, plugins }: AdmissionConfiguration = AS_USUAL,
): AdmissionPlugin[] {
  const known = new Set(PLUGINS.map(({ name }) => name));
  for (const [flag, names] of [["enable", enable], ["disable", disable]] as const) {
    const unknown = names.find((name) => !known.has(name));
    if (unknown === undefined) continue;
    throw new ConfigurationError(
      `${flag}-admission-plugins plugin ${JSON.stringify(unknown)} is unknown`,
    );
  }
  const both = enable.filter((name) => disable.includes(name));
  if (both.length > 0) {
    throw new ConfigurationError(
      `[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`,
    );
  }
  const running = PLUGINS
    .filter(({ name, usual }) => (usual || enable.includes(name)) && !disable.includes(name))
    .map(({ make }) => make(options, plugins));
  const { rbac, authorizer, reader } = options;
  // Upstream has these two in the storage of their kinds: no flag turns them off.
  return [certificateRequester, new RbacEscalation(rbac, authorizer, reader), ...running];
}
