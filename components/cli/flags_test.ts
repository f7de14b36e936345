import assert from "node:assert/strict";
import { type Flag, parseFlags, UsageError } from "./flags.ts";

const flags: Flag[] = [
  { name: "detach", kind: "boolean", help: "" },
  { name: "nodes", kind: "number", help: "" },
  { name: "runtime", kind: "text", choices: ["podman", "hollow"], help: "" },
  { name: "output", short: "o", kind: "text", help: "" },
];

const understood: [string, Record<string, string>, string[]][] = [
  ["", {}, []],
  ["--detach", { detach: "true" }, []],
  ["--detach=false", { detach: "false" }, []],
  ["--nodes 3 a", { nodes: "3" }, ["a"]],
  ["--nodes=3", { nodes: "3" }, []],
  ["--nodes 3 --nodes 4", { nodes: "4" }, []],
  ["a --detach b", { detach: "true" }, ["a", "b"]],
  ["-o json", { output: "json" }, []],
  ["-ojson", { output: "json" }, []],
  ["-o=json", { output: "json" }, []],
  ["--output=", { output: "" }, []],
  ["a -- --nodes 3", {}, ["a", "--nodes", "3"]],
  ["-", {}, ["-"]],
];

for (const [line, values, args] of understood) {
  Deno.test(`parseFlags reads ${JSON.stringify(line)}`, () => {
    const parsed = parseFlags(flags, line.split(" ").filter((word) => word !== ""));
    assert.deepEqual([...parsed.args], args);
    const got = Object.fromEntries(
      flags.map(({ name }) => [name, parsed.text(name)]).filter(([, value]) => value !== undefined),
    );
    assert.deepEqual(got, values);
  });
}

const refused: [string, string][] = [
  ["--x", "unknown flag: --x"],
  ["--x=1", "unknown flag: --x"],
  ["-x", "unknown shorthand flag: 'x' in -x"],
  ["--nodes", "flag needs an argument: --nodes"],
  ["-o", "flag needs an argument: 'o' in -o"],
  ["--nodes two", 'invalid argument "two" for "--nodes" flag: must be a whole number'],
  ["--nodes 1.5", 'invalid argument "1.5" for "--nodes" flag: must be a whole number'],
  ["--detach=yes", 'invalid argument "yes" for "--detach" flag: must be true or false'],
  ["--runtime runc", 'invalid argument "runc" for "--runtime" flag: must be podman or hollow'],
];

for (const [line, message] of refused) {
  Deno.test(`parseFlags refuses ${JSON.stringify(line)}`, () => {
    assert.throws(
      () => parseFlags(flags, line.split(" ")),
      (error) => error instanceof UsageError && error.message === message,
    );
  });
}
