import assert from "node:assert/strict";

/** Of lists and maps that have grown; one whole connection is 12 KB. */
const LEFT_BYTES_MAXIMUM = 2_000;

for (const protocol of ["h1", "h2"]) {
  Deno.test(`an ended connection through the door leaves nothing (${protocol})`, async () => {
    const root = new URL("../..", import.meta.url).pathname;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--quiet", "--config", `${root}deno.json`],
        ...["--v8-flags=--expose-gc", `${root}tests/integration/door_memory_program.ts`, protocol],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const left = Number(new TextDecoder().decode(stdout));
    assert.ok(left < LEFT_BYTES_MAXIMUM, `${left} bytes`);
  });
}
