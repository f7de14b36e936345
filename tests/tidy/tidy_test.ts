/** Style as a test: what may point where, how large a file grows, what stands only in its place. */
import assert from "node:assert/strict";
import {
  ALLOWED_DEPENDENCIES,
  BANNED,
  FILE_LINES_MAXIMUM,
  isTest,
  LARGE_FILES,
  ROOMS,
  SECOND_DOORS,
  SMALL_PROGRAMS,
  TEST_LINES_MAXIMUM,
} from "./rules.ts";

const root = new URL("../../", import.meta.url);

async function* files(directory: URL): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const at = new URL(entry.name + (entry.isDirectory ? "/" : ""), directory);
    if (entry.isDirectory) {
      if (!["generated", "pkg", "target", "node_modules"].includes(entry.name)) yield* files(at);
    } else if (entry.name.endsWith(".ts") || entry.name.endsWith(".tsx")) {
      yield at.pathname.slice(root.pathname.length);
    }
  }
}

const sources: { path: string; text: string }[] = [];
for await (const path of files(new URL("components/", root))) {
  sources.push({ path, text: await Deno.readTextFile(new URL(path, root)) });
}

/** Import and export specifiers of a module. */
function imports(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from\s+"([^"]+)"/gms)].map((match) =>
    match[1]!
  );
}

/** Those without which it does not start: not for types alone. */
function loaded(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)from\s+"([^"]+)"/gms);
  return [...statements].filter(([, names]) => {
    const inner = /^\{(.*)\}\s*$/s.exec(names!)?.[1];
    const each = inner?.split(",").map((name) => name.trim()).filter((name) => name !== "") ?? [];
    return each.length === 0 || !each.every((name) => name.startsWith("type "));
  }).map((match) => match[2]!);
}

function targetOf(specifier: string, path: string): string {
  return new URL(specifier, new URL(path, root)).pathname.slice(root.pathname.length);
}

function roomOf(path: string): string {
  return path.split("/")[1]!;
}

Deno.test("rooms import only what their row lists, through the other room's mod.ts", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const room = roomOf(path);
    const allowed = ROOMS[room];
    if (allowed === undefined) {
      wrong.push(`${path}: the room ${room} is not in the table`);
      continue;
    }
    for (const specifier of imports(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = targetOf(specifier, path);
      if (!target.startsWith("components/")) {
        if (
          !(target.startsWith("wasm/") && path.endsWith("_wasm.ts")) && !path.endsWith("_test.ts")
        ) {
          wrong.push(`${path}: imports ${target}, outside the house`);
        }
        continue;
      }
      const other = roomOf(target);
      if (other === room) continue;
      if (!allowed.includes(other)) wrong.push(`${path}: ${room} may not import ${other}`);
      else if (
        !target.endsWith(`${other}/mod.ts`) && !isTest(path) &&
        !SECOND_DOORS[target]?.some((prefix) => path.startsWith(prefix))
      ) {
        wrong.push(`${path}: imports ${target}, not ${other}/mod.ts`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("small programs do not load what a server knows of kinds", () => {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  for (const program of SMALL_PROGRAMS) {
    const from = new Map<string, string>([[program, ""]]);
    for (const path of from.keys()) {
      for (const specifier of loaded(texts.get(path) ?? "")) {
        const target = targetOf(specifier, path);
        if (specifier.startsWith(".") && !from.has(target)) from.set(target, path);
      }
    }
    assert.ok(from.size > 100, `${program} loads ${from.size} files`);
    const by = from.get("components/api/kinds.ts") ?? from.get("components/api/served.ts");
    assert.equal(by, undefined, `${program} loads it by ${by}`);
  }
});

Deno.test("what is banned stands only in its place", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    for (const rule of BANNED) {
      if (rule.allowed(path)) continue;
      text.split("\n").forEach((line, index) => {
        if (/^\s*(\*|\/\/|\/\*)/.test(line)) return;
        if (rule.pattern.test(line)) {
          wrong.push(`${path}:${index + 1}: ${rule.pattern.source}: ${rule.instead}`);
        }
      });
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("files stay small, and the large ones only shrink", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const lines = text.split("\n").length - 1;
    const maximum = LARGE_FILES[path] ?? (isTest(path) ? TEST_LINES_MAXIMUM : FILE_LINES_MAXIMUM);
    if (lines > maximum) wrong.push(`${path}: ${lines} lines, at most ${maximum}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no drawers", () => {
  const drawers = sources.map(({ path }) => path)
    .filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.|_)/.test(path));
  assert.deepEqual(drawers, []);
});

Deno.test("every dependency is pinned and has a reason", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const wrong: string[] = [];
  for (const [name, specifier] of Object.entries<string>(config.imports)) {
    if (!/^npm:.+@\d+\.\d+\.\d+$/.test(specifier)) {
      wrong.push(`${name}: ${specifier} is not pinned`);
    }
    if (ALLOWED_DEPENDENCIES[name] === undefined) wrong.push(`${name}: no reason given`);
  }
  for (const name of Object.keys(ALLOWED_DEPENDENCIES)) {
    if (config.imports[name] === undefined) wrong.push(`${name}: a reason without the dependency`);
  }
  assert.deepEqual(wrong, []);
});
