/** A worker that runs one module of the user's own. */
import type { Node } from "../../api/mod.ts";
import { type Verdict, type VerdictCode } from "../framework/mod.ts";
import type { OwnPlugin, OwnPluginModule, OwnState, OwnVerdict } from "./own_plugin.ts";
import type { FromPlugin, PluginAnswer, ToPlugin } from "./plugin_message.ts";
import { isWasmModule, loadWasmModule } from "./plugin_module_wasm.ts";

type Ask = Extract<ToPlugin, { op: "ask" }>;

/** Attempts whose state is kept; the oldest are forgotten. */
const STATES_MAXIMUM = 10_000;
const SUCCESS: Verdict = { code: "Success", reasons: [] };

const nodes = new Map<string, Node>();
const plugins = new Map<string, OwnPlugin>();
const states = new Map<string, OwnState>();
let module: OwnPluginModule | undefined;

const tell = (message: FromPlugin) => self.postMessage(message);
const textOf = (error: unknown) => error instanceof Error ? error.message : String(error);

self.onmessage = ({ data }: MessageEvent<ToPlugin>) => {
  switch (data.op) {
    case "load":
      load(data.url).catch((error) => tell({ event: "failed", message: textOf(error) }));
      break;
    case "create":
      create(data.profile, data.args);
      break;
    case "node":
      if (data.node === undefined) nodes.delete(data.name);
      else nodes.set(data.name, data.node);
      break;
    case "ping":
      tell({ event: "answer", call: data.call, answer: { verdict: SUCCESS } });
      break;
    case "ask":
      answer(data).then(
        (answer) => tell({ event: "answer", call: data.call, answer }),
        (error) => tell({ event: "wrong", call: data.call, message: textOf(error) }),
      );
  }
};

async function load(url: string): Promise<void> {
  const loaded = isWasmModule(new URL(url))
    ? await loadWasmModule(new URL(url))
    : (await import(url)).default as OwnPluginModule;
  const { create, events, name, podSelector, points } = loaded ?? {};
  if (typeof name !== "string" || !Array.isArray(points) || typeof create !== "function") {
    throw new Error("its default export has no name, points and create");
  }
  module = loaded;
  const description = {
    name,
    points,
    ...(podSelector === undefined ? {} : { podSelector }),
    ...(events === undefined ? {} : { events }),
  };
  tell({ event: "loaded", description });
}

function create(profile: string, args: Readonly<Record<string, unknown>>): void {
  try {
    const plugin = module?.create(args, {
      allow: (uid) => tell({ event: "allow", profile, uid }),
      reject: (uid, reason) => tell({ event: "reject", profile, uid, reason }),
      activate: (key) => tell({ event: "activate", profile, key }),
    });
    if (plugin !== undefined) plugins.set(profile, plugin);
  } catch (error) {
    tell({ event: "failed", message: textOf(error) });
  }
}

async function answer(ask: Ask): Promise<PluginAnswer> {
  const plugin = plugins.get(ask.profile);
  if (plugin === undefined) throw new Error("it was not created");
  const { nodes: names, pod, point } = ask;
  const state = stateOf(ask.attempt);
  const [node = ""] = names;
  switch (point) {
    case "preEnqueue":
      return { verdict: verdictOf(await plugin.preEnqueue?.(pod)) };
    case "preFilter": {
      const given = await plugin.preFilter?.(pod, state);
      if (typeof given === "object" && given !== null && "nodes" in given) {
        return { verdict: SUCCESS, nodes: [...given.nodes] };
      }
      return { verdict: verdictOf(given) };
    }
    case "filter": {
      const refused: [string, Verdict][] = [];
      for (const name of names) {
        const known = nodes.get(name);
        if (known === undefined) continue;
        const verdict = verdictOf(await plugin.filter?.(pod, known, state));
        if (verdict.code !== "Success") refused.push([name, verdict]);
      }
      return { verdict: SUCCESS, refused };
    }
    case "postFilter": {
      const found = await plugin.postFilter?.(pod, state);
      return typeof found === "string" && found !== ""
        ? { verdict: SUCCESS, nodes: [found] }
        : { verdict: { code: "Unschedulable", reasons: [] } };
    }
    case "preScore": {
      const known = names.flatMap((name) => nodes.get(name) ?? []);
      return { verdict: verdictOf(await plugin.preScore?.(pod, known, state)) };
    }
    case "score": {
      const raw: number[] = [];
      for (const name of names) {
        const known = nodes.get(name);
        raw.push(known === undefined ? 0 : Number(await plugin.score?.(pod, known, state)));
      }
      const scores = plugin.normalize === undefined ? raw : await plugin.normalize(pod, raw);
      return { verdict: SUCCESS, scores: [...scores] };
    }
    case "permit": {
      const given = await plugin.permit?.(pod, node, state);
      if (typeof given === "object" && given !== null && "waitSeconds" in given) {
        const verdict = { code: "Wait", reasons: [] } as const;
        return { verdict, timeoutMilliseconds: Number(given.waitSeconds) * 1000 };
      }
      return { verdict: verdictOf(given) };
    }
    case "reserve":
    case "preBind":
    case "bind":
      return { verdict: verdictOf(await plugin[point]?.(pod, node, state)) };
    case "unreserve":
    case "postBind":
      await plugin[point]?.(pod, node, state);
      states.delete(ask.attempt);
      return { verdict: SUCCESS };
  }
}

/** What is no verdict is passed on: who asked says that it is none. */
function verdictOf(given: OwnVerdict): Verdict {
  if (given === undefined || given === null || given === true) return SUCCESS;
  if (given === false) return { code: "Unschedulable", reasons: ["refused"] };
  if (typeof given === "string") return { code: "Unschedulable", reasons: [given] };
  return { code: given.code as VerdictCode, reasons: (given.reasons ?? []).map(String) };
}

function stateOf(attempt: string): OwnState {
  const known = states.get(attempt);
  if (known !== undefined) return known;
  const state: OwnState = new Map();
  states.set(attempt, state);
  const [oldest] = states.keys();
  if (states.size > STATES_MAXIMUM && oldest !== undefined) states.delete(oldest);
  return state;
}
