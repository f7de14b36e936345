import { FEATURE_TABLE } from "./feature_table.ts";
import type { MetricRegistry } from "./metrics.ts";

type Stage = "Alpha" | "Beta" | "GA" | "Deprecated";

interface Feature {
  readonly name: string;
  readonly stage: Stage;
  readonly locked: boolean;
  readonly byDefault: boolean;
}

const FEATURES: ReadonlyMap<string, Feature> = new Map(
  FEATURE_TABLE.trim().split("\n").map((line) => {
    const [name = "", on, stage, locked] = line.split(" ");
    return [name, {
      name,
      stage: stage as Stage,
      locked: locked === "locked",
      byDefault: on === "on",
    }];
  }),
);
const GROUPS: Readonly<Record<string, Stage>> = { AllAlpha: "Alpha", AllBeta: "Beta" };
const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Upstream's feature gates as a command line sets them. */
export class FeatureGates {
  readonly #set: ReadonlyMap<string, boolean>;

  private constructor(
    set: ReadonlyMap<string, boolean>,
    /** What upstream would log about what was set. */
    readonly warnings: readonly string[],
  ) {
    this.#set = set;
  }

  static readonly DEFAULT = new FeatureGates(new Map(), []);

  /** Reads `Name=true,Other=false`. Throws an `Error` with upstream's words for what it cannot take. */
  static parse(text: string): FeatureGates {
    const asked = new Map<string, boolean>();
    for (const part of text.split(",")) {
      if (part.trim() === "") continue;
      const equals = part.indexOf("=");
      const name = (equals < 0 ? part : part.slice(0, equals)).trim();
      if (equals < 0) throw new Error(`missing bool value for ${name}`);
      const value = part.slice(equals + 1).trim();
      if (!TRUE.has(value) && !FALSE.has(value)) {
        throw new Error(
          `invalid value of ${name}=${value}, err: strconv.ParseBool: parsing ${
            JSON.stringify(value)
          }: invalid syntax`,
        );
      }
      asked.set(name, TRUE.has(value));
    }
    return new FeatureGates(...settled(asked));
  }

  /** Whether the feature is on. Unknown ones are off. */
  enabled(name: string): boolean {
    return this.#set.get(name) ?? FEATURES.get(name)?.byDefault ?? false;
  }

  /** The gates that the command line set, by name. */
  get explicit(): ReadonlyMap<string, boolean> {
    return this.#set;
  }

  /** `kubernetes_feature_enabled` of every gate there is. */
  register(registry: MetricRegistry): void {
    const gauge = registry.gauge(
      "kubernetes_feature_enabled",
      "[BETA] This metric records the data about the stage and enablement of a k8s feature.",
      ["name", "stage"],
    );
    for (const { name, stage } of FEATURES.values()) {
      gauge.set(this.enabled(name) ? 1 : 0, name, stage === "GA" ? "" : stage.toUpperCase());
    }
    for (const group of Object.keys(GROUPS)) {
      gauge.set(this.enabled(group) ? 1 : 0, group, group.slice("All".length).toUpperCase());
    }
  }
}

function settled(
  asked: ReadonlyMap<string, boolean>,
): [ReadonlyMap<string, boolean>, readonly string[]] {
  const set = new Map<string, boolean>();
  const warnings: string[] = [];
  for (const [name, value] of asked) {
    const group = GROUPS[name];
    if (group === undefined) continue;
    set.set(name, value);
    for (const feature of FEATURES.values()) {
      if (feature.stage === group && !feature.locked) set.set(feature.name, value);
    }
  }
  for (const [name, value] of asked) {
    if (GROUPS[name] !== undefined) continue;
    const feature = FEATURES.get(name);
    if (feature === undefined) throw new Error(`unrecognized feature gate: ${name}`);
    if (feature.locked && feature.byDefault !== value) {
      throw new Error(
        `cannot set feature gate ${name} to ${value}, feature is locked to ${feature.byDefault}`,
      );
    }
    if (feature.stage === "GA" || feature.stage === "Deprecated") {
      const word = feature.stage === "GA" ? "GA" : "deprecated";
      warnings.push(
        `Setting ${word} feature gate ${name}=${value}. It will be removed in a future release.`,
      );
    }
    set.set(name, value);
  }
  return [set, warnings];
}
