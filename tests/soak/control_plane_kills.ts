import assert from "node:assert/strict";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { AnswerError, type ApiClient } from "../bench/api_client.ts";
import { freePort } from "../free_port.ts";
import { HollowCluster } from "./hollow_cluster.ts";
import type { SoakTask } from "./task.ts";

const WRITERS = 16;
const KEYS_A_WRITER = 20;
const KILL_AFTER_MILLISECONDS_MAXIMUM = 2_000;
const MAPS = "/api/v1/namespaces/default/configmaps";

/** What a key holds as far as its one writer knows: what was acknowledged, and what nobody answered to. */
interface Known {
  value: string | undefined;
  pending?: { readonly value: string | undefined };
}

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly known: Map<string, Known>;
  sequence: number;
}

let place: Place | undefined;

/** A control plane under writes is killed at some moment and started again: every acknowledged write is there. */
export const controlPlaneKills: SoakTask = {
  name: "kill -9 of the control plane",
  async run(random) {
    place ??= {
      directory: await Deno.makeTempDir({ prefix: "coracle-soak-cluster-" }),
      port: freePort(),
      known: new Map(),
      sequence: 0,
    };
    const first = new HollowCluster(place.directory, place.port);
    const acknowledged = await writeUntilKilled(place, first, random);
    const started = performance.now();
    const second = new HollowCluster(place.directory, place.port);
    try {
      const [client] = await second.clients(1);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      await check(place, client!);
      client!.close();
      return `${acknowledged} writes acknowledged, all found; ready again in ${seconds} s`;
    } finally {
      await second.stop();
    }
  },
  async end() {
    if (place !== undefined) await Deno.remove(place.directory, { recursive: true });
    place = undefined;
  },
};

async function writeUntilKilled(
  at: Place,
  cluster: HollowCluster,
  random: Random,
): Promise<number> {
  const clients = await cluster.clients(WRITERS).catch(async (error) => {
    await cluster.kill().catch(() => {});
    throw error;
  });
  let acknowledged = 0;
  let killed = false;
  const writers = clients.map(async (client, writer) => {
    while (!killed) {
      const name = `map-${writer}-${randomInteger(random, KEYS_A_WRITER)}`;
      try {
        await writeOnce(at, client, name, random);
        acknowledged++;
      } catch (error) {
        // An answer is no way to be killed.
        if (error instanceof AnswerError || !killed) throw error;
      }
    }
  });
  const over = Promise.all(writers);
  over.catch(() => {});
  await Promise.race([
    over,
    new Promise((resolve) =>
      setTimeout(resolve, randomInteger(random, KILL_AFTER_MILLISECONDS_MAXIMUM))
    ),
  ]);
  killed = true;
  await cluster.kill();
  await over;
  for (const client of clients) client.close();
  return acknowledged;
}

async function writeOnce(
  at: Place,
  client: ApiClient,
  name: string,
  random: Random,
): Promise<void> {
  const known = at.known.get(name) ?? { value: undefined };
  at.known.set(name, known);
  const remove = known.value !== undefined && random.next() < 0.2;
  const value = remove ? undefined : String(++at.sequence);
  known.pending = { value };
  const body = JSON.stringify({ metadata: { name }, data: { value } });
  if (remove) await client.request("DELETE", `${MAPS}/${name}`);
  else if (known.value === undefined) await client.request("POST", MAPS, body);
  else await client.request("PUT", `${MAPS}/${name}`, body);
  known.value = value;
  delete known.pending;
}

async function check(at: Place, client: ApiClient): Promise<void> {
  const { items } = await client.json<
    { items: { metadata: { name: string }; data?: { value?: string } }[] }
  >("GET", MAPS);
  const found = new Map(items.map(({ metadata, data }) => [metadata.name, data?.value]));
  for (const [name, known] of at.known) {
    const value = found.get(name);
    const allowed = [known.value, ...(known.pending === undefined ? [] : [known.pending.value])];
    assert.ok(
      allowed.includes(value),
      `${name} holds ${value}, but ${allowed.join(" or ")} was written last`,
    );
    known.value = value;
    delete known.pending;
  }
}
