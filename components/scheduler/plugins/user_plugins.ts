import type { Clock, Logger } from "../../base/mod.ts";
import { labelSelectorMatcher, type Node, type Pod } from "../../api/mod.ts";
import { ConfigurationError, DEFAULT_PLUGINS } from "../config/mod.ts";
import type { Cycle, SchedulerPlugin, Verdict } from "../framework/mod.ts";
import type { QueueingHint } from "../queue/mod.ts";
import type { UserPlugin, UserPluginContext } from "../scheduler_options.ts";
import { OWN_POINTS } from "./own_plugin.ts";
import { PluginHost } from "./plugin_host.ts";
import type { PluginAnswer, PluginDescription, PluginQuestion } from "./plugin_message.ts";

/** Modules of the user's own, loaded. */
export interface LoadedPlugins {
  readonly plugins: readonly UserPlugin[];
  onNode(name: string, node: Node | undefined): void;
  end(): void;
}

/** Loads modules from files. Rejects with `ConfigurationError` for one that is none, or has a name that is taken. */
export async function loadPlugins(
  files: readonly string[],
  clock: Clock,
  logger: Logger,
): Promise<LoadedPlugins> {
  const hosts: PluginHost[] = [];
  const plugins: UserPlugin[] = [];
  const taken = new Set(DEFAULT_PLUGINS.map(({ name }) => name));
  const end = () => hosts.forEach((host) => host.end());
  try {
    for (const file of files) {
      const url = new URL(file, `file://${Deno.cwd()}/`).href;
      const { description, host } = await PluginHost.load(url, clock, logger).catch((error) => {
        throw new ConfigurationError(`plugin ${file}: ${error.message}`);
      });
      hosts.push(host);
      const { name, points } = description;
      const wrong = descriptionProblem(description);
      if (wrong !== undefined) throw new ConfigurationError(`plugin ${file}: ${wrong}`);
      if (taken.has(name)) {
        throw new ConfigurationError(`plugin ${file}: a plugin named ${name} already exists`);
      }
      taken.add(name);
      plugins.push({ name, points, make: (context) => proxy(host, description, context) });
    }
  } catch (error) {
    end();
    throw error;
  }
  return {
    plugins,
    onNode: (name, node) => hosts.forEach((host) => host.putNode(name, node)),
    end,
  };
}

/** What is wrong with what a module says of itself. Pure. */
export function descriptionProblem(
  { events = [], podSelector, points }: PluginDescription,
): string | undefined {
  const stray = points.find((point) => !OWN_POINTS.includes(point));
  if (stray !== undefined) return `there is no point ${JSON.stringify(stray)}`;
  const isEvent = (event: unknown) => {
    const { actions, resource } = (event ?? {}) as { actions?: unknown; resource?: unknown };
    return typeof resource === "string" && Array.isArray(actions);
  };
  if (!Array.isArray(events) || !events.every(isEvent)) {
    return "its events are not a list of resource and actions";
  }
  try {
    if (podSelector !== undefined) labelSelectorMatcher(podSelector);
  } catch (error) {
    return `its podSelector: ${(error as Error).message}`;
  }
  return undefined;
}

/** The plugin as the cycle asks it: every question goes to the worker. */
function proxy(
  host: PluginHost,
  { events, name, podSelector, points }: PluginDescription,
  context: UserPluginContext,
): SchedulerPlugin {
  host.create(context);
  const selector = podSelector === undefined ? undefined : labelSelectorMatcher(podSelector);
  let attempts = 0;
  const attemptOf = ({ state }: Cycle) => {
    const known = state.get(name);
    if (typeof known === "string") return known;
    const fresh = `${context.profile}/${++attempts}`;
    state.set(name, fresh);
    return fresh;
  };
  const ask = (point: PluginQuestion, pod: Pod, attempt: string, nodes: readonly string[]) =>
    host.ask({ point, profile: context.profile, attempt, pod, nodes });
  const one = async (point: PluginQuestion, cycle: Cycle, node: string): Promise<Verdict> =>
    (await ask(point, cycle.pod, attemptOf(cycle), [node])).verdict;
  const many = (point: PluginQuestion, cycle: Cycle, nodes: readonly string[]) =>
    ask(point, cycle.pod, attemptOf(cycle), nodes);
  const all: Required<Omit<SchedulerPlugin, "name" | "hints" | "concerns" | "preBindWorks">> = {
    preEnqueue: async (pod) => (await ask("preEnqueue", pod, "", [])).verdict,
    preFilter: async (cycle) => {
      const { nodes, verdict } = await many("preFilter", cycle, []);
      return { verdict, ...(nodes === undefined ? {} : { nodes: new Set(nodes) }) };
    },
    filter: async (cycle, nodes) => new Map((await many("filter", cycle, nodes)).refused ?? []),
    postFilter: async (cycle) => {
      const { nodes: [node] = [], verdict } = await many("postFilter", cycle, []);
      return { verdict, ...(node === undefined ? {} : { node }) };
    },
    preScore: async (cycle, nodes) => (await many("preScore", cycle, nodes)).verdict,
    score: async (cycle, nodes) => (await many("score", cycle, nodes)).scores ?? [],
    reserve: (cycle, node) => one("reserve", cycle, node),
    unreserve: async (cycle, node) => void await one("unreserve", cycle, node),
    permit: async (cycle, node) => permitOf(await many("permit", cycle, [node])),
    preBind: (cycle, node) => one("preBind", cycle, node),
    bind: (cycle, node) => one("bind", cycle, node),
    postBind: async (cycle, node) => void await one("postBind", cycle, node),
  };
  const mine: Record<string, unknown> = {};
  for (const point of points) mine[point] = all[point];
  if (points.includes("reserve")) mine["unreserve"] = all.unreserve;
  return {
    name,
    ...(events === undefined ? {} : { hints: events as unknown as readonly QueueingHint[] }),
    concerns: (pod) => selector === undefined || selector.matches(pod.metadata?.labels),
    ...mine,
    ...(points.includes("preBind") ? { preBindWorks: () => true } : {}),
  };
}

function permitOf({ timeoutMilliseconds, verdict }: PluginAnswer) {
  return { verdict, ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }) };
}
