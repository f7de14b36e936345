import { parseDuration } from "../../base/mod.ts";
import { qualifiedNameProblems } from "../../api/mod.ts";
import type { ResourceSpec, SchedulerProfile, ShapePoint } from "./configuration.ts";
import { argsOf } from "./defaults.ts";
import { duplicate, forbiddenField, invalidValue, required, unsupported } from "./problem.ts";

const SCORE_MAXIMUM = 10;
const STRATEGIES = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"] as const;
const UNSATISFIABLE = ["DoNotSchedule", "ScheduleAnyway"] as const;

type Rule = (path: string, profile: SchedulerProfile) => string[];

/** What is wrong with each plugin's arguments, in upstream's words, by the plugin's name. Pure. */
export const ARGS_RULES: Readonly<Record<string, Rule>> = {
  DefaultPreemption: (path, profile) => {
    const { minCandidateNodesAbsolute: absolute, minCandidateNodesPercentage: percentage } = argsOf(
      profile,
      "DefaultPreemption",
    );
    const at = `${path}.minCandidateNodes`;
    const problems: string[] = [];
    if (percentage < 0 || percentage > 100) {
      problems.push(invalidValue(`${at}Percentage`, percentage, "not in valid range [0, 100]"));
    }
    if (absolute < 0) {
      problems.push(invalidValue(`${at}Absolute`, absolute, "not in valid range [0, inf)"));
    }
    if (percentage === 0 && absolute === 0) {
      const zero = "cannot be zero at the same time as minCandidateNodes";
      problems.push(
        invalidValue(`${at}Percentage`, percentage, `${zero}Absolute`),
        invalidValue(`${at}Absolute`, absolute, `${zero}Percentage`),
      );
    }
    return problems;
  },
  InterPodAffinity: (path, profile) => {
    const { hardPodAffinityWeight: weight } = argsOf(profile, "InterPodAffinity");
    return weight < 0 || weight > 100
      ? [invalidValue(`${path}.hardPodAffinityWeight`, weight, "not in valid range [0, 100]")]
      : [];
  },
  NodeResourcesBalancedAllocation: (path, profile) => {
    const { resources } = argsOf(profile, "NodeResourcesBalancedAllocation");
    const seen = new Set<string>();
    return resources.flatMap(({ name, weight }, i) => {
      const at = `${path}.resources[${i}]`;
      const problems = seen.has(name) ? [duplicate(`${at}.name`, name)] : [];
      seen.add(name);
      if (weight !== 1) problems.push(invalidValue(`${at}.weight`, weight, "must be 1"));
      return problems;
    });
  },
  NodeResourcesFit: fitProblems,
  PodTopologySpread: spreadProblems,
  VolumeBinding: (path, profile) => {
    const { bindTimeoutSeconds, shape } = argsOf(profile, "VolumeBinding");
    const problems: string[] = [];
    if (bindTimeoutSeconds < 0) {
      const why = "invalid BindTimeoutSeconds, should not be a negative value";
      problems.push(invalidValue(`${path}.bindTimeoutSeconds`, bindTimeoutSeconds, why));
    }
    if (shape !== undefined) {
      const why =
        "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring";
      problems.push(invalidValue(`${path}.shape`, shape, why));
    }
    return problems;
  },
  DynamicResources: (path, profile) => {
    const { bindingTimeout, filterTimeout } = argsOf(profile, "DynamicResources");
    const problems: string[] = [];
    if (filterTimeout !== undefined && parseDuration(filterTimeout) < 0) {
      const why = "must be zero or positive";
      problems.push(invalidValue(`${path}.filterTimeout`, filterTimeout, why));
    }
    if (bindingTimeout !== undefined && parseDuration(bindingTimeout) < 1000) {
      const why = "must be at least 1 second";
      problems.push(invalidValue(`${path}.bindingTimeout`, bindingTimeout, why));
    }
    return problems;
  },
};

function fitProblems(path: string, profile: SchedulerProfile): string[] {
  const { ignoredResourceGroups = [], ignoredResources = [], scoringStrategy: strategy } = argsOf(
    profile,
    "NodeResourcesFit",
  );
  const problems = ignoredResources.flatMap((name, i) =>
    qualifiedNameProblems(name).map((why) =>
      invalidValue(`${path}.ignoredResources[${i}]`, name, why)
    )
  );
  ignoredResourceGroups.forEach((group, i) => {
    const at = `${path}.ignoredResourceGroups[${i}]`;
    if (group.includes("/")) {
      problems.push(invalidValue(at, group, "resource group name can't contain '/'"));
    }
    for (const why of qualifiedNameProblems(group)) problems.push(invalidValue(at, group, why));
  });
  const at = `${path}.scoringStrategy`;
  if (!STRATEGIES.includes(strategy.type)) {
    problems.push(unsupported(`${at}.type`, strategy.type, STRATEGIES));
  }
  problems.push(...weightProblems(`${at}.resources`, strategy.resources));
  const ratio = strategy.requestedToCapacityRatio;
  const isRatio = strategy.type === "RequestedToCapacityRatio";
  if (isRatio && ratio === undefined) {
    const why = "must be specified when type is RequestedToCapacityRatio";
    problems.push(required(`${at}.requestedToCapacityRatio`, why));
  } else if (isRatio) {
    problems.push(...shapeProblems(`${at}.requestedToCapacityRatio.shape`, ratio?.shape ?? []));
  } else if (ratio !== undefined) {
    const why = "must be nil when type is not RequestedToCapacityRatio";
    problems.push(forbiddenField(`${at}.requestedToCapacityRatio`, why));
  }
  return problems;
}

function weightProblems(path: string, resources: readonly ResourceSpec[]): string[] {
  return resources.flatMap(({ name, weight }, i) =>
    weight > 0 && weight <= 100 ? [] : [invalidValue(
      `${path}[${i}].weight`,
      weight,
      `resource weight of ${name} not in valid range (0, 100]`,
    )]
  );
}

function shapeProblems(path: string, shape: readonly ShapePoint[]): string[] {
  if (shape.length === 0) return [required(path, "at least one point must be specified")];
  const problems: string[] = [];
  const unsorted = shape.findIndex(({ utilization }, i) =>
    i > 0 && shape[i - 1]!.utilization >= utilization
  );
  if (unsorted > 0) {
    problems.push(invalidValue(
      `${path}[${unsorted}].utilization`,
      shape[unsorted]!.utilization,
      "values must be sorted in increasing order",
    ));
  }
  shape.forEach(({ score, utilization }, i) => {
    if (utilization < 0 || utilization > 100) {
      const why = "not in valid range [0, 100]";
      problems.push(invalidValue(`${path}[${i}].utilization`, utilization, why));
    }
    if (score < 0 || score > SCORE_MAXIMUM) {
      const why = `not in valid range [0, ${SCORE_MAXIMUM}]`;
      problems.push(invalidValue(`${path}[${i}].score`, score, why));
    }
  });
  return problems;
}

function spreadProblems(path: string, profile: SchedulerProfile): string[] {
  const { defaultConstraints = [], defaultingType } = argsOf(profile, "PodTopologySpread");
  const problems: string[] = [];
  const type = `${path}.defaultingType`;
  if (defaultingType !== "System" && defaultingType !== "List") {
    problems.push(unsupported(type, defaultingType, ["System", "List"]));
  } else if (defaultingType === "System" && defaultConstraints.length > 0) {
    problems.push(invalidValue(type, defaultingType, "when .defaultConstraints are not empty"));
  }
  const seen = new Set<string>();
  defaultConstraints.forEach((constraint, i) => {
    const at = `${path}.defaultConstraints[${i}]`;
    const { labelSelector, maxSkew = 0, topologyKey = "", whenUnsatisfiable = "" } = constraint;
    if (maxSkew <= 0) {
      problems.push(invalidValue(`${at}.maxSkew`, maxSkew, "not in valid range (0, inf)"));
    }
    if (topologyKey === "") problems.push(required(`${at}.topologyKey`, "can not be empty"));
    else {
      for (const why of qualifiedNameProblems(topologyKey)) {
        problems.push(invalidValue(`${at}.topologyKey`, topologyKey, why));
      }
    }
    if (whenUnsatisfiable === "") {
      problems.push(required(`${at}.whenUnsatisfiable`, "can not be empty"));
    } else if (!(UNSATISFIABLE as readonly string[]).includes(whenUnsatisfiable)) {
      problems.push(unsupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, UNSATISFIABLE));
    }
    if (labelSelector !== undefined) {
      const why = "constraint must not define a selector, as they deduced for each pod";
      problems.push(forbiddenField(`${at}.labelSelector`, why));
    }
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) problems.push(duplicate(at, pair));
    seen.add(pair);
  });
  return problems;
}
