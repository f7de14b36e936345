import {
  choice,
  ConfigurationError,
  fallback,
  type Field,
  list,
  members,
  text,
} from "../../configuration/mod.ts";
import { isVersion, LEVELS, type Policy } from "./policy.ts";

/** What the plugin is told by its configuration. */
export interface PodSecurityConfiguration {
  readonly defaults: Policy;
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

const PRIVILEGED = { level: "privileged", version: "latest" } as const;

export const DEFAULT_CONFIGURATION: PodSecurityConfiguration = {
  defaults: { enforce: PRIVILEGED, audit: PRIVILEGED, warn: PRIVILEGED },
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

const level = fallback(choice(...LEVELS), "privileged");
const version: Field<string> = (value, path) => {
  const written = fallback(text, "latest")(value, path);
  if (isVersion(written)) return written;
  throw new ConfigurationError(
    `${path}: Invalid value: ${JSON.stringify(written)}: must be "latest" or "v1.x"`,
  );
};

const file = members({
  defaults: fallback(
    members({
      enforce: level,
      "enforce-version": version,
      audit: level,
      "audit-version": version,
      warn: level,
      "warn-version": version,
    }),
    undefined,
  ),
  exemptions: fallback(
    members({ usernames: list(text), namespaces: list(text), runtimeClasses: list(text) }),
    DEFAULT_CONFIGURATION.exemptions,
  ),
});

/** A `PodSecurityConfiguration` as its file has it. */
export const podSecurityConfiguration: Field<PodSecurityConfiguration> = (value, path) => {
  const { defaults, exemptions } = file(value, path);
  if (defaults === undefined) return { ...DEFAULT_CONFIGURATION, exemptions };
  const { enforce, audit, warn } = defaults;
  return {
    defaults: {
      enforce: { level: enforce, version: defaults["enforce-version"] },
      audit: { level: audit, version: defaults["audit-version"] },
      warn: { level: warn, version: defaults["warn-version"] },
    },
    exemptions,
  };
};
