import type { StatusCause } from "../../../base/mod.ts";
import { BASELINE } from "./baseline.ts";
import { RESTRICTED } from "./restricted.ts";
import type { Check, PodShape, Violation } from "./standard.ts";

export const LEVELS = ["privileged", "baseline", "restricted"] as const;
export type Level = typeof LEVELS[number];

/** The minor of the newest version that there are rules for. */
export const NEWEST_MINOR = 36;

/** A standard at a version. */
export interface Standard {
  readonly level: Level;
  /** `latest` or `v1.x`. */
  readonly version: string;
}

export const MODES = ["enforce", "audit", "warn"] as const;

/** What a namespace asks of its pods: refused, noted, or told. */
export type Policy = Readonly<Record<typeof MODES[number], Standard>>;

export const showStandard = ({ level, version }: Standard): string => `${level}:${version}`;

const LABEL = "pod-security.kubernetes.io/";

/**
 * The policy that a namespace's labels state; `defaults` where they say nothing. A label that cannot be read asks for
 * the most where pods are refused, and for nothing where they are only talked about.
 */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  defaults: Policy,
): { readonly policy: Policy; readonly errors: readonly StatusCause[] } {
  const errors: StatusCause[] = [];
  const wrong = (label: string, value: string, why: string) =>
    errors.push({
      reason: "FieldValueInvalid",
      field: `metadata.labels[${label}]`,
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    });
  const standard = (mode: typeof MODES[number]): Standard => {
    let { level, version } = defaults[mode];
    const asked = labels?.[LABEL + mode];
    if (asked !== undefined) {
      const known = LEVELS.find((one) => one === asked);
      level = known ?? (mode === "enforce" ? "restricted" : "privileged");
      if (known === undefined) wrong(LABEL + mode, asked, `must be one of ${LEVELS.join(", ")}`);
    }
    const askedVersion = labels?.[`${LABEL}${mode}-version`];
    if (askedVersion !== undefined) {
      version = isVersion(askedVersion) ? askedVersion : "latest";
      if (version !== askedVersion) {
        wrong(`${LABEL}${mode}-version`, askedVersion, 'must be "latest" or "v1.x"');
      }
    }
    return { level, version };
  };
  const policy = { enforce: standard("enforce"), audit: standard("audit"), warn: standard("warn") };
  return { policy, errors };
}

/** `latest` or `v1.` and a number without leading zeros. */
export function isVersion(text: string): boolean {
  return text === "latest" || /^v1\.(0|[1-9][0-9]{0,5})$/.test(text);
}

const RULES = new Map<string, readonly Check[]>();

/** The rules of a standard: the baseline's before those of the restricted one. */
function rulesOf(level: Level, minor: number): readonly Check[] {
  const key = `${level}:${minor}`;
  let rules = RULES.get(key);
  if (rules === undefined) {
    const strict = level === "restricted" ? RESTRICTED.filter(({ since }) => since <= minor) : [];
    const replaced = new Set(strict.map(({ replaces }) => replaces));
    const base = BASELINE.filter(({ since, id }) => since <= minor && !replaced.has(id));
    RULES.set(key, rules = level === "privileged" ? [] : [...base, ...strict]);
  }
  return rules;
}

/** In what a pod is outside a standard; empty: it is within. */
export function violationsOf({ level, version }: Standard, pod: PodShape): Violation[] {
  if (level === "privileged") return [];
  const minor = version === "latest"
    ? NEWEST_MINOR
    : Math.min(NEWEST_MINOR, Number(version.slice("v1.".length)));
  const found: Violation[] = [];
  for (const rule of rulesOf(level, minor)) {
    const violation = rule.find(pod, minor);
    if (violation !== undefined) found.push(violation);
  }
  return found;
}

/** `hostPort (container "a" uses hostPort 80), privileged (…)`. */
export const showViolations = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => detail === "" ? reason : `${reason} (${detail})`)
    .join(", ");
