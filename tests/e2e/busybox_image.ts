/** The one image of the tests, made of what the machine has: nothing is fetched. */
import assert from "node:assert/strict";
import { run } from "./cluster_fixture.ts";

export const BUSYBOX = "/bin/busybox";
export const IMAGE = "busybox:e2e";

/** Writes a tar of a root file system with busybox under all its names. */
export async function busyboxTar(directory: string): Promise<string> {
  const root = `${directory}/busybox`;
  for (const folder of ["bin", "etc", "proc", "sys", "dev", "tmp"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  await Deno.copyFile(BUSYBOX, `${root}/bin/busybox`);
  const { stdout } = await run([BUSYBOX, "--list"]);
  for (const name of stdout.split("\n")) {
    if (name !== "" && name !== "busybox") await Deno.symlink("busybox", `${root}/bin/${name}`);
  }
  await Deno.writeTextFile(`${root}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\n");
  const tar = `${directory}/busybox.tar`;
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const made = await run(["tar", ...owner, "-C", root, "-cf", tar, "."]);
  assert.equal(made.code, 0, made.stderr);
  return tar;
}
