/** Built-in admission, in upstream's order. */
import { FeatureGates } from "../../base/mod.ts";
import { RbacEscalation } from "../authz/mod.ts";
import { ConfigurationError } from "../configuration/mod.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { certificateRequester } from "./certificates.ts";
import { ClaimStatusAuthorization } from "./claim_status.ts";
import type { AdmissionConfiguration } from "./configuration.ts";
import { decisionTimes } from "./decision_times.ts";
import { deviceAdminAccess } from "./device_admin.ts";
import { type AdmissionOptions, PLUGINS } from "./plugins.ts";

export {
  type AdmissionConfiguration,
  type PluginConfigurations,
  readAdmissionConfiguration,
} from "./configuration.ts";
export { imagePolicyOf } from "./image_policy.ts";
export { AdmissionExtensions } from "./extensions.ts";
export type { AdmissionOptions } from "./plugins.ts";

const AS_USUAL: AdmissionConfiguration = { enable: [], disable: [], plugins: new Map() };

/** Throws `ConfigurationError` for plugins that there are not, and for those that should and should not run. */
export function checkAdmissionPlugins({ enable, disable }: AdmissionConfiguration): void {
  const known = new Set(PLUGINS.map(({ name }) => name));
  for (const [flag, names] of [["enable", enable], ["disable", disable]] as const) {
    const unknown = names.find((name) => !known.has(name));
    if (unknown === undefined) continue;
    throw new ConfigurationError(
      `${flag}-admission-plugins plugin ${JSON.stringify(unknown)} is unknown`,
    );
  }
  const both = enable.filter((name) => disable.includes(name));
  if (both.length === 0) return;
  throw new ConfigurationError(
    `[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`,
  );
}

/** The plugins that run, in order. Throws `ConfigurationError` for names and configurations that are wrong. */
export function admissionPlugins(
  options: AdmissionOptions,
  configuration: AdmissionConfiguration = AS_USUAL,
): AdmissionPlugin[] {
  checkAdmissionPlugins(configuration);
  const { enable, disable, plugins, endpoints } = configuration;
  const all = endpoints === undefined ? options : { ...options, endpoints };
  const running = PLUGINS
    .filter(({ name, usual }) => (usual || enable.includes(name)) && !disable.includes(name))
    .map(({ make }) => make(all, plugins));
  const { rbac, authorizer, reader, clock, gates = FeatureGates.DEFAULT } = options;
  // Upstream has these in the storage of their kinds: no flag turns them off.
  return [
    certificateRequester,
    decisionTimes(clock),
    new RbacEscalation(rbac, authorizer, reader),
    deviceAdminAccess(reader),
    ...(gates.enabled("DRAResourceClaimGranularStatusAuthorization")
      ? [new ClaimStatusAuthorization(authorizer)]
      : []),
    ...running,
  ];
}
