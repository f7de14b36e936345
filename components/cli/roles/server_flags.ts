import { FeatureGates } from "../../base/mod.ts";
import type { ServerChoice } from "../../cluster/mod.ts";
import { type Flag, type ParsedFlags, UsageError } from "../flags.ts";
import { AUDIT_DEFAULTS, AUDIT_FLAGS, auditFiles } from "./audit_flags.ts";
import { checked, duration, positive } from "./flag_values.ts";

/** kube-apiserver's flags of how it is run, with upstream's names and defaults. */
export const SERVER_FLAGS: readonly Flag[] = [
  {
    name: "request-timeout",
    kind: "text",
    value: "DURATION",
    help: "how long a request may take (1m0s)",
  },
  {
    name: "min-request-timeout",
    kind: "number",
    value: "SECONDS",
    help: "how long a watch that names no time lasts at least (1800)",
  },
  {
    name: "shutdown-delay-duration",
    kind: "text",
    value: "DURATION",
    help: "how long requests are still taken when it is asked to end (0s)",
  },
  {
    name: "max-requests-inflight",
    kind: "number",
    value: "N",
    help: "requests that read, answered at once (400)",
  },
  {
    name: "max-mutating-requests-inflight",
    kind: "number",
    value: "N",
    help: "requests that write, answered at once (200)",
  },
  {
    name: "cors-allowed-origins",
    kind: "text",
    value: "REGEXP,…",
    help: "origins whose pages may use the API",
  },
  {
    name: "enable-priority-and-fairness",
    kind: "boolean",
    help: "let priority levels decide who is answered first (true)",
  },
  {
    name: "feature-gates",
    kind: "text",
    value: "NAME=BOOL,…",
    help: "features to switch on or off",
  },
  ...AUDIT_FLAGS,
  {
    name: "encryption-provider-config",
    kind: "text",
    value: "FILE",
    help: "how what lies in the store is encrypted (not)",
  },
  {
    name: "encryption-provider-config-automatic-reload",
    kind: "boolean",
    help: "take a change of that file into use without a restart",
  },
];

/** Gates whose setting changes what the server does. */
const HEEDED = new Set(["ComponentFlagz", "ComponentStatusz"]);

const DEFAULTS: Readonly<Record<string, string>> = {
  "request-timeout": "1m0s",
  "min-request-timeout": "1800",
  "shutdown-delay-duration": "0s",
  "max-requests-inflight": "400",
  "max-mutating-requests-inflight": "200",
  "cors-allowed-origins": "",
  "enable-priority-and-fairness": "true",
  "feature-gates": "",
  ...AUDIT_DEFAULTS,
  "encryption-provider-config-automatic-reload": "false",
};

/** What the flags ask for. Throws `UsageError`; `warn` hears what is odd but can be done. */
export function serverChoice(flags: ParsedFlags, warn: (line: string) => void): ServerChoice {
  const gates = checked(flags, "feature-gates", FeatureGates.parse);
  for (const line of gates?.warnings ?? []) warn(line);
  for (const [name, value] of gates?.explicit ?? []) {
    if (HEEDED.has(name) || value === FeatureGates.DEFAULT.enabled(name)) continue;
    warn(`feature gate ${name} is known, but setting it changes nothing here`);
  }
  const timeout = duration(flags, "request-timeout");
  const delay = duration(flags, "shutdown-delay-duration");
  const minimum = positive(flags, "min-request-timeout");
  const readOnly = positive(flags, "max-requests-inflight");
  const mutating = positive(flags, "max-mutating-requests-inflight");
  const audit = auditFiles(flags);
  const configFile = flags.text("encryption-provider-config");
  const automaticReload = flags.is("encryption-provider-config-automatic-reload");
  if (automaticReload && configFile === undefined) {
    throw new UsageError(
      "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config",
    );
  }
  const origins = (flags.text("cors-allowed-origins") ?? "").split(",").filter((each) =>
    each !== ""
  );
  return {
    ...(audit === undefined ? {} : { audit }),
    ...(origins.length === 0 ? {} : { corsAllowedOrigins: origins }),
    ...(configFile === undefined ? {} : { encryption: { configFile, automaticReload } }),
    flowControl: {
      priorityAndFairness: flags.text("enable-priority-and-fairness") !== "false",
      ...(readOnly === undefined ? {} : { readOnlyMaximum: readOnly }),
      ...(mutating === undefined ? {} : { mutatingMaximum: mutating }),
    },
    ...(timeout === undefined ? {} : { requestTimeoutMilliseconds: timeout }),
    ...(delay === undefined ? {} : { shutdownDelayMilliseconds: delay }),
    ...(minimum === undefined ? {} : { minimumWatchSeconds: minimum }),
    ...(gates === undefined ? {} : { gates }),
    flags: Object.fromEntries(
      SERVER_FLAGS.map(({ name }) => [name, flags.text(name) ?? DEFAULTS[name] ?? ""]),
    ),
  };
}

/** The same flags for another process of this program. */
export function serverArguments(flags: ParsedFlags): string[] {
  return SERVER_FLAGS.flatMap(({ name }) => {
    const value = flags.text(name);
    return value === undefined ? [] : [`--${name}=${value}`];
  });
}
