/** For tests: a program that asks a plugin that does not come back, and says what it heard. */
import { FakeClock, silentLogger } from "../../base/mod.ts";
import type { Cycle } from "../framework/mod.ts";
import { loadPlugins } from "./user_plugins.ts";

const ROUNDS = 3;

const clock = new FakeClock();
const file = new URL("./fake_plugin.ts", import.meta.url).pathname;
const { onNode, plugins } = await loadPlugins([file], clock, silentLogger);
const plugin = plugins[0]!.make({
  profile: "p",
  args: {},
  allow() {},
  reject() {},
  activate() {},
});
onNode("n1", { metadata: { name: "n1" } });
for (let i = 0; i < ROUNDS; i++) {
  const stuck = ask("hang");
  const next = ask("refuse");
  // Only as far as the first question's end: the second has its own time from the new worker on.
  await clock.advance(5_000);
  console.log(await stuck);
  const again = ask("refuse");
  await clock.advance(500);
  await next;
  console.log(await again);
}
Deno.exit(0);

async function ask(does: string): Promise<string> {
  const cycle: Cycle = {
    pod: { metadata: { labels: { does } } },
    profile: "p",
    state: new Map(),
  };
  try {
    const refused = await plugin.filter!(cycle, ["n1"]);
    return refused.get("n1")?.reasons.join() ?? "passed";
  } catch (error) {
    return (error as Error).message;
  }
}
