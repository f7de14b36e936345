import { type FeatureGates, KUBERNETES_VERSION, type MetricRegistry } from "../../base/mod.ts";
import { DEFAULT_VERSION } from "./version.ts";

/** What a component says of itself: its version and its feature gates. */
export function registerBuildMetrics(registry: MetricRegistry, gates: FeatureGates): void {
  const { major, minor, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } =
    DEFAULT_VERSION;
  registry.gauge(
    "kubernetes_build_info",
    "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, " +
      "build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
    [
      "major",
      "minor",
      "git_version",
      "git_commit",
      "git_tree_state",
      "build_date",
      "go_version",
      "compiler",
      "platform",
    ],
  ).set(
    1,
    major,
    minor,
    KUBERNETES_VERSION,
    gitCommit,
    gitTreeState,
    buildDate,
    goVersion,
    compiler,
    platform,
  );
  registry.gauge(
    "version_info",
    "[ALPHA] Provides the compatibility version info of the component. The component label is the name of the " +
      "component, usually kube, but is relevant for aggregated-apiservers.",
    ["component", "binary", "emulation", "min_compat"],
  ).set(
    1,
    "kube",
    KUBERNETES_VERSION.slice(1),
    `${major}.${minor}`,
    `${DEFAULT_VERSION.minCompatibilityMajor}.${DEFAULT_VERSION.minCompatibilityMinor}`,
  );
  gates.register(registry);
  countMetrics(registry);
}

/** How many metrics there are, and of which stability. */
function countMetrics(registry: MetricRegistry): void {
  const registered = registry.counter(
    "registered_metrics_total",
    "[BETA] The count of registered metrics broken by stability level and deprecation version.",
    ["stability_level", "deprecated_version"],
  );
  registry.onCollect(() => {
    registered.reset();
    for (const help of registry.helps()) {
      const [, level] = /^\[(ALPHA|BETA|STABLE)\]/.exec(help) ?? [];
      if (level === undefined) continue;
      const [, deprecated = ""] = /\(Deprecated since ([0-9.]+)\)/.exec(help) ?? [];
      registered.series(level, deprecated).value++;
    }
  });
}
