import assert from "node:assert/strict";
import { randomInteger, silentLogger, systemClock } from "../../components/base/mod.ts";
import { openKvStore } from "../../components/storage/mod.ts";
import { pattern } from "../../components/storage/store_suite.ts";
import type { SoakTask } from "./task.ts";

const WRITER = new URL("../../components/storage/kv_crash_writer.ts", import.meta.url).pathname;
const ACKNOWLEDGED_MAXIMUM = 3_000;
/** A directory serves so many rounds: each starts on what all before it left behind. */
const ROUNDS_A_DIRECTORY = 10;

let directory: string | undefined;
let round = 0;
let acknowledged = new Map<string, number>();

/** A process that writes as fast as it can is killed at some moment; what it was told is written must be there. */
export const storeKills: SoakTask = {
  name: "kill -9 of the store",
  async run(random) {
    if (round >= ROUNDS_A_DIRECTORY) await remove();
    directory ??= await Deno.makeTempDir({ prefix: "coracle-soak-store-" });
    const before = acknowledged.size;
    await writeUntilKilled(directory, before + 1 + randomInteger(random, ACKNOWLEDGED_MAXIMUM));
    round++;
    await check(directory);
    return `${acknowledged.size - before} writes acknowledged, ${acknowledged.size} found`;
  },
  end: remove,
};

async function writeUntilKilled(at: string, enough: number): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--unstable-kv", WRITER, at, String(round)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  let killed = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [key = "", revision] = line.split(" ");
      acknowledged.set(key, Number(revision));
    }
    if (killed || acknowledged.size < enough) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  assert.equal((await child.status).signal, "SIGKILL", "the writer ended by itself");
}

async function check(at: string): Promise<void> {
  const store = await openKvStore({ directory: at, logger: silentLogger, clock: systemClock });
  try {
    const { entries } = await store.list("/");
    const found = new Map(entries.map((entry) => [entry.key, entry]));
    for (const [key, revision] of acknowledged) {
      assert.equal(found.get(key)?.revision, revision, `${key} was acknowledged`);
    }
    // What was not acknowledged may be there, but then whole.
    for (const { key, value } of entries) {
      const seed = Number(key.split("-").at(-1)) & 0xff;
      assert.deepEqual(value, pattern(value.length, seed), `${key} is whole`);
    }
  } finally {
    await store.close();
  }
}

async function remove(): Promise<void> {
  if (directory !== undefined) await Deno.remove(directory, { recursive: true });
  directory = undefined;
  round = 0;
  acknowledged = new Map();
}
