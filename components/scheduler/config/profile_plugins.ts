import {
  type EnabledPlugin,
  type ExtensionPoint,
  type PluginSet,
  POINTS,
  type SchedulerProfile,
} from "./configuration.ts";
import { DEFAULT_MULTI_POINT, DEFAULT_PLUGINS } from "./plugin_catalog.ts";
import { ConfigurationError } from "./shape.ts";

/** What a plugin that is not the project's own extends. */
export interface OwnPlugin {
  readonly name: string;
  readonly points: readonly ExtensionPoint[];
}

/** The plugins of each point, in the order in which they are asked, with their weights. */
export type ProfilePlugins = Readonly<Record<ExtensionPoint, readonly Required<EnabledPlugin>[]>>;

/**
 * The plugins of a profile: upstream's defaults, what the profile enables and disables, multiPoint spread over the
 * points that each plugin extends. Throws `ConfigurationError` for a plugin that there is not. Pure.
 */
export function profilePlugins(
  profile: SchedulerProfile,
  own: readonly OwnPlugin[] = [],
): ProfilePlugins {
  const known = new Map<string, readonly ExtensionPoint[]>(
    [...DEFAULT_PLUGINS, ...own].map(({ name, points }) => [name, points]),
  );
  const multiPoint = mergeSets(DEFAULT_MULTI_POINT, profile.plugins?.multiPoint ?? {});
  for (const { name } of multiPoint) {
    if (!known.has(name)) {
      throw wrongProfile(profile, `plugin ${JSON.stringify(name)} does not exist`);
    }
  }
  const plugins = Object.fromEntries(POINTS.map((point) => {
    const set = profile.plugins?.[point] ?? {};
    checkSet(profile, point, set, known);
    return [point, pointPlugins(point, set, multiPoint, known)];
  })) as unknown as ProfilePlugins;
  if (plugins.queueSort.length === 0) {
    throw wrongProfile(profile, `no queue sort plugin is enabled`);
  }
  if (plugins.queueSort.length > 1) {
    throw wrongProfile(profile, "only one queue sort plugin can be enabled");
  }
  if (plugins.bind.length === 0) throw wrongProfile(profile, "at least one bind plugin is needed");
  return plugins;
}

/** What is enabled by default, replaced in its place or left out, then what is enabled besides. */
function mergeSets(defaults: readonly EnabledPlugin[], given: PluginSet): EnabledPlugin[] {
  const disabled = new Set((given.disabled ?? []).map(({ name }) => name));
  const enabled = given.enabled ?? [];
  const replaced = new Set<string>();
  const merged: EnabledPlugin[] = [];
  for (const plugin of disabled.has("*") ? [] : defaults) {
    if (disabled.has(plugin.name)) continue;
    const own = enabled.find(({ name }) => name === plugin.name);
    if (own !== undefined) replaced.add(own.name);
    merged.push(own ?? plugin);
  }
  return [...merged, ...enabled.filter(({ name }) => !replaced.has(name))];
}

/** What the point names and multiPoint has too, then the rest of multiPoint, then the rest of what the point names. */
function pointPlugins(
  point: ExtensionPoint,
  set: PluginSet,
  multiPoint: readonly EnabledPlugin[],
  known: ReadonlyMap<string, readonly ExtensionPoint[]>,
): Required<EnabledPlugin>[] {
  const disabled = new Set((set.disabled ?? []).map(({ name }) => name));
  const named = set.enabled ?? [];
  const spread = disabled.has("*")
    ? []
    : multiPoint.filter(({ name }) => known.get(name)?.includes(point) && !disabled.has(name));
  const has = (list: readonly EnabledPlugin[], name: string) =>
    list.some((one) => one.name === name);
  return [
    ...named.filter(({ name }) => has(spread, name)),
    ...spread.filter(({ name }) => !has(named, name)),
    ...named.filter(({ name }) => !has(spread, name)),
  ].map(({ name, weight }) => ({
    name,
    weight: weight === undefined || weight === 0 ? 1 : weight,
  }));
}

function checkSet(
  profile: SchedulerProfile,
  point: ExtensionPoint,
  set: PluginSet,
  known: ReadonlyMap<string, readonly ExtensionPoint[]>,
): void {
  const kind = `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`;
  const seen = new Set<string>();
  for (const { name } of set.enabled ?? []) {
    const points = known.get(name);
    const quoted = JSON.stringify(name);
    if (points === undefined) throw wrongProfile(profile, `${kind} ${quoted} does not exist`);
    if (!points.includes(point)) {
      throw wrongProfile(profile, `plugin ${quoted} does not extend ${kind} plugin`);
    }
    if (seen.has(name)) {
      throw wrongProfile(profile, `plugin ${quoted} already registered as ${JSON.stringify(kind)}`);
    }
    seen.add(name);
  }
}

function wrongProfile(profile: SchedulerProfile, why: string): ConfigurationError {
  return new ConfigurationError(
    `initializing profiles: creating profile for scheduler name ${profile.schedulerName}: ${why}`,
  );
}
