import assert from "node:assert/strict";
import { testPod } from "../fake_node.ts";
import type { ContainerState } from "../runtime.ts";
import { FirstAttach } from "./first_attach.ts";

const pod = testPod("p", {
  containers: [
    { name: "once", image: "x:1", stdin: true, stdinOnce: true },
    { name: "often", image: "x:1", stdin: true },
  ],
});

Deno.test("only the first who attaches to a container of one session hears what came before", async () => {
  const logPath = await Deno.makeTempFile();
  try {
    const instance = (name: string, id: string) =>
      ({ name, id, logPath, state: "running" }) as ContainerState;
    const first = new FirstAttach();
    const cases: [ContainerState, boolean][] = [
      [instance("often", "a"), false],
      [instance("none", "b"), false],
      [instance("once", "c"), true],
      [instance("once", "c"), false],
      [instance("once", "d"), true],
      [{ ...instance("once", "e"), logPath: "/nowhere" }, false],
    ];
    for (const [each, expected] of cases) {
      assert.equal(await first.log(pod, each), expected ? logPath : undefined);
    }
    await Deno.truncate(logPath, 256 * 1024 + 1);
    assert.equal(await first.log(pod, instance("once", "f")), undefined, "much was said");
    // What was remembered long ago is forgotten: memory has a bound.
    await Deno.truncate(logPath, 0);
    for (let i = 0; i < 1_000; i++) await first.log(pod, instance("once", `later-${i}`));
    assert.equal(await first.log(pod, instance("once", "c")), logPath);
  } finally {
    await Deno.remove(logPath);
  }
});
