import { equalJson, parseDuration } from "../../base/mod.ts";
import { qualifiedNameProblems } from "../../api/mod.ts";
import type {
  ExtenderConfiguration,
  LeaderElectionConfiguration,
  SchedulerConfiguration,
  SchedulerProfile,
} from "./configuration.ts";
import { ARGS_RULES } from "./args_validation.ts";
import { REMOVED_PLUGINS } from "./plugin_catalog.ts";
import { duplicate, invalidValue, required } from "./problem.ts";

/** What is wrong with a configuration, in upstream's words; nothing where it may be used. Pure. */
export function validateConfiguration(configuration: SchedulerConfiguration): string[] {
  const { extenders, leaderElection, parallelism, profiles } = configuration;
  const problems = leaderElectionProblems(leaderElection);
  if (parallelism <= 0) {
    problems.push(
      invalidValue("parallelism", parallelism, "should be an integer value greater than zero"),
    );
  }
  if (profiles.length === 0) problems.push(required("profiles", ""));
  const names = new Map<string, number>();
  profiles.forEach((profile, i) => {
    const path = `profiles[${i}]`;
    problems.push(...profileProblems(profile, path, configuration.apiVersion));
    const known = names.get(profile.schedulerName);
    if (known !== undefined) {
      problems.push(duplicate(`${path}.schedulerName`, `profiles[${known}].schedulerName`));
    }
    names.set(profile.schedulerName, i);
  });
  problems.push(
    ...queueSortProblems(profiles),
    ...percentageProblems("percentageOfNodesToScore", configuration.percentageOfNodesToScore),
  );
  const { podInitialBackoffSeconds: initial, podMaxBackoffSeconds: maximum } = configuration;
  if (initial <= 0) {
    problems.push(invalidValue("podInitialBackoffSeconds", initial, "must be greater than 0"));
  }
  if (maximum < initial) {
    const why = "must be greater than or equal to PodInitialBackoffSeconds";
    problems.push(invalidValue("podMaxBackoffSeconds", maximum, why));
  }
  return [...problems, ...extenderProblems(extenders)];
}

function leaderElectionProblems(election: LeaderElectionConfiguration): string[] {
  if (!election.leaderElect) return [];
  const problems: string[] = [];
  const at = (member: string) => `leaderElection.${member}`;
  const [lease, deadline, retry] = ["leaseDuration", "renewDeadline", "retryPeriod"].map((name) => {
    const text = election[name as "leaseDuration"];
    const milliseconds = parseDuration(text);
    if (milliseconds <= 0) {
      problems.push(invalidValue(at(name), text, "must be greater than zero"));
    }
    return milliseconds;
  });
  if (lease! < deadline!) {
    const why = "LeaseDuration must be greater than RenewDeadline";
    problems.push(invalidValue(at("leaseDuration"), election.renewDeadline, why));
  }
  if (deadline! < retry!) {
    const why = "RenewDeadline must be greater than RetryPeriod";
    problems.push(invalidValue(at("renewDeadline"), election.retryPeriod, why));
  }
  for (const name of ["resourceLock", "resourceNamespace", "resourceName"] as const) {
    if (election[name] === "") problems.push(required(at(name), `${name} is required`));
  }
  if (election.resourceLock !== "leases") {
    const why = 'resourceLock value must be "leases"';
    problems.push(invalidValue(at("resourceLock"), election.resourceLock, why));
  }
  return problems;
}

function percentageProblems(path: string, percentage: number | undefined): string[] {
  return percentage !== undefined && (percentage < 0 || percentage > 100)
    ? [invalidValue(path, percentage, "not in valid range [0-100]")]
    : [];
}

function profileProblems(profile: SchedulerProfile, path: string, version: string): string[] {
  const problems = profile.schedulerName === "" ? [required(`${path}.schedulerName`, "")] : [];
  problems.push(
    ...percentageProblems(`${path}.percentageOfNodesToScore`, profile.percentageOfNodesToScore),
  );
  const removed = `was invalid in version "v1" (KubeSchedulerConfiguration is version ${
    JSON.stringify(version)
  })`;
  for (const [point, set] of Object.entries(profile.plugins ?? {})) {
    (set?.enabled ?? []).forEach(({ name }, i) => {
      if (!REMOVED_PLUGINS.has(name)) return;
      problems.push(invalidValue(`${path}.plugins.${point}.enabled[${i}]`, name, removed));
    });
  }
  const seen = new Set<string>();
  profile.pluginConfig.forEach(({ name }, i) => {
    const at = `${path}.pluginConfig[${i}]`;
    if (seen.has(name)) problems.push(duplicate(at, name));
    seen.add(name);
    if (REMOVED_PLUGINS.has(name)) problems.push(invalidValue(at, name, removed));
    else problems.push(...(ARGS_RULES[name]?.(`${at}.args`, profile) ?? []));
  });
  return problems;
}

function queueSortProblems(profiles: readonly SchedulerProfile[]): string[] {
  const [first, ...others] = profiles;
  const problems: string[] = [];
  const enabled = first?.plugins?.queueSort?.enabled ?? [];
  if (enabled.length > 1) {
    const why = "only one queue sort plugin can be enabled";
    problems.push(invalidValue("profiles[0].plugins.queueSort.Enabled", enabled.length, why));
  }
  others.forEach((profile, i) => {
    if (equalJson(profile.plugins?.queueSort ?? {}, first?.plugins?.queueSort ?? {})) return;
    const path = `profiles[${i + 1}].plugins.queueSort`;
    const set = profile.plugins?.queueSort ?? {};
    problems.push(invalidValue(path, set, "must be the same for all profiles"));
  });
  return problems;
}

function extenderProblems(extenders: readonly ExtenderConfiguration[]): string[] {
  const problems: string[] = [];
  const managed = new Set<string>();
  extenders.forEach((extender, i) => {
    const path = `extenders[${i}]`;
    const weight = extender.weight ?? 0;
    if ((extender.prioritizeVerb ?? "") !== "" && weight <= 0) {
      const why = "must have a positive weight applied to it";
      problems.push(invalidValue(`${path}.weight`, weight, why));
    }
    (extender.managedResources ?? []).forEach(({ name }, j) => {
      const at = `${path}.managedResources[${j}].name`;
      const wrong = qualifiedNameProblems(name);
      for (const why of wrong) problems.push(invalidValue(at, name, why));
      if (wrong.length === 0 && !isExtendedResource(name)) {
        problems.push(invalidValue(at, name, "is an invalid extended resource name"));
      }
      if (managed.has(name)) {
        problems.push(invalidValue(at, name, "duplicate extender managed resource name"));
      }
      managed.add(name);
    });
  });
  const binders = extenders.filter(({ bindVerb = "" }) => bindVerb !== "").length;
  if (binders > 1) {
    const found = `found ${binders} extenders implementing bind`;
    problems.push(invalidValue("extenders", found, "only one extender can implement bind"));
  }
  return problems;
}

function isExtendedResource(name: string): boolean {
  if (!name.includes("/") || name.startsWith("requests.")) return false;
  const group = name.slice(0, name.indexOf("/"));
  return group !== "kubernetes.io" && !group.endsWith(".kubernetes.io");
}
