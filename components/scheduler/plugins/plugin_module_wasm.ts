import type { Node, Pod } from "../../api/mod.ts";
import {
  OWN_POINTS,
  type OwnPlugin,
  type OwnPluginModule,
  type OwnPoint,
  type OwnVerdict,
} from "./own_plugin.ts";

type Exported = Readonly<Record<string, unknown>>;
type Call = (pointer: number, length: number) => bigint;

/** Whether an address leads to such a module. Pure. */
export function isWasmModule(url: URL): boolean {
  return url.pathname.endsWith(".wasm");
}

/**
 * A WebAssembly module as a plugin. It imports nothing and exports
 *
 * - `memory`, and `alloc(length) -> pointer` for what it is given; `reset()`, if it is there, frees that after a call;
 * - `name() -> answer`, whose answer is a JSON string;
 * - a function of the name of each point that it extends, and `unreserve`: `(pointer, length) -> answer`, given the
 *   JSON `{"args": …, "pod": …, "node": …}` (a name from reserve on), answering JSON as a TypeScript plugin would.
 *
 * An answer is a 64-bit number: the pointer in its upper half, the length in its lower; 0 is success.
 */
export async function loadWasmModule(url: URL): Promise<OwnPluginModule> {
  const bytes = await Deno.readFile(url);
  const compiled = await WebAssembly.compile(bytes);
  const opened = open(compiled);
  const name = opened.ask("name");
  if (typeof name !== "string") throw new Error("name() answers no text");
  const points = OWN_POINTS.filter((point) => typeof opened.exports[point] === "function");
  return { name, points, create: (args) => plugin(compiled, points, args) };
}

/** Each profile has an instance, with a memory of its own. */
function plugin(
  compiled: WebAssembly.Module,
  points: readonly OwnPoint[],
  args: Readonly<Record<string, unknown>>,
): OwnPlugin {
  const { ask, exports } = open(compiled);
  const at = (point: string) => (pod: Pod, node?: Node | string) =>
    ask(point, JSON.stringify({ args, pod, ...(node === undefined ? {} : { node }) }));
  const names: string[] = [...points];
  if (typeof exports["unreserve"] === "function") names.push("unreserve");
  const methods = names.map((point) => {
    const asked = at(point);
    if (point === "preEnqueue" || point === "preFilter" || point === "postFilter") {
      return [point, (pod: Pod) => asked(pod)];
    }
    if (point === "preScore") return [point, (pod: Pod) => asked(pod) as OwnVerdict];
    return [point, (pod: Pod, node: Node | string) => asked(pod, node)];
  });
  return Object.fromEntries(methods) as OwnPlugin;
}

function open(compiled: WebAssembly.Module): {
  readonly exports: Exported;
  ask(name: string, input?: string): unknown;
} {
  const { exports } = new WebAssembly.Instance(compiled, {});
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("it exports no memory");
  const call = (name: string) => {
    const found = exports[name];
    if (typeof found !== "function") throw new Error(`it exports no ${name}`);
    return found as (...numbers: number[]) => unknown;
  };
  return {
    exports,
    ask(name, input) {
      const question = new TextEncoder().encode(input ?? "");
      const pointer = input === undefined ? 0 : Number(call("alloc")(question.length));
      if (input !== undefined) {
        new Uint8Array(memory.buffer, pointer, question.length).set(question);
      }
      const answer = BigInt.asUintN(64, BigInt((call(name) as Call)(pointer, question.length)));
      const [start, length] = [Number(answer >> 32n), Number(answer & 0xffffffffn)];
      const text = new TextDecoder().decode(new Uint8Array(memory.buffer, start, length).slice());
      if (typeof exports["reset"] === "function") call("reset")();
      return length === 0 ? undefined : JSON.parse(text);
    },
  };
}
