/** Images of our own Go programs: one static binary each. What is built stays for the next run. */
import assert from "node:assert/strict";
import { run } from "./cluster_fixture.ts";

const sources = new URL("../clients/", import.meta.url).pathname;
const cache = Deno.env.get("CORACLE_CACHE") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/coracle`;
const BUILD_SECONDS = 900;

/**
 * The path of a static binary of `tests/clients/NAME`; undefined where there is neither one of these sources nor Go.
 * Only one that is kept is answered when `build` is false.
 */
export async function goProgram(name: string, build = true): Promise<string | undefined> {
  const folder = `${sources}${name}`;
  const binary = `${cache}/clients/static/${name}`;
  const wanted = await textOf(folder);
  const kept = await Deno.readTextFile(`${binary}.sources`).catch(() => "");
  if (kept === wanted) return binary;
  const go = await run(["go", "version"]).then(({ code }) => code === 0, () => false);
  if (!go) return undefined;
  if (!build) return binary;
  await Deno.mkdir(`${cache}/clients/static`, { recursive: true });
  const made = await run(
    ["go", "build", "-C", folder, "-trimpath", "-ldflags", "-s -w", "-o", binary, "."],
    { env: { CGO_ENABLED: "0" }, timeoutSeconds: BUILD_SECONDS },
  );
  assert.equal(made.code, 0, made.stderr);
  await Deno.writeTextFile(`${binary}.sources`, wanted);
  return binary;
}

/** All that a program is made of, as one text. */
async function textOf(folder: string): Promise<string> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const texts = names.map(async (name) =>
    `== ${name}\n${await Deno.readTextFile(`${folder}/${name}`)}`
  );
  return (await Promise.all(texts)).join("");
}

/** Writes a tar of a root file system that holds one program, as `/bin/NAME`. */
export async function programTar(
  directory: string,
  name: string,
  binary: string,
): Promise<string> {
  const root = `${directory}/${name}`;
  for (const folder of ["bin", "etc", "proc", "sys", "dev", "tmp"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  await Deno.copyFile(binary, `${root}/bin/${name}`);
  await Deno.chmod(`${root}/bin/${name}`, 0o755);
  const tar = `${directory}/${name}.tar`;
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const made = await run(["tar", ...owner, "-C", root, "-cf", tar, "."]);
  assert.equal(made.code, 0, made.stderr);
  return tar;
}
