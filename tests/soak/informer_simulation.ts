import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../../components/base/mod.ts";
import { CONFIG_MAPS, type ConfigMap } from "../../components/api/mod.ts";
import { Client } from "../../components/client/mod.ts";
import { Informer } from "../../components/reconcile/mod.ts";
import { SimulatedServer } from "./simulated_server.ts";
import type { SoakTask } from "./task.ts";

const STEPS = 600;
/** Far more turns than an informer needs to notice what happened. */
const SETTLE_TURNS = 2_000;

/**
 * A server that forgets history, breaks connections and answers 500 at random: in the end the cache shows what the
 * server holds, and what the handlers were told adds up to the same.
 */
export const informerSimulation: SoakTask = {
  name: "informer",
  async run(random) {
    const clock = new FakeClock();
    const server = new SimulatedServer(random);
    const informer = new Informer<ConfigMap>({
      client: new Client({ server: "http://api", fetch: server.fetch, userAgent: "soak" }),
      type: CONFIG_MAPS,
      clock,
      logger: silentLogger,
    });
    const told = new Map<string, string>();
    let changes = 0;
    informer.onChange(({ key, current, previous }) => {
      changes++;
      assert.equal(told.get(key), previous?.metadata?.resourceVersion, `${key}: previous is last`);
      if (current === undefined) told.delete(key);
      else told.set(key, current.metadata?.resourceVersion ?? "");
    });
    const abort = new AbortController();
    informer.start(abort.signal);
    try {
      for (let i = 0; i < STEPS; i++) {
        server.step();
        await turn();
        if (random.next() < 0.1) await clock.advance(1_000);
      }
      server.calm();
      for (
        let i = 0;
        i < SETTLE_TURNS && informer.resourceVersion !== server.resourceVersion;
        i++
      ) {
        await clock.advance(10_000);
        await turn();
      }
      const cached = informer.list().map(({ metadata }) =>
        [`${metadata?.namespace}/${metadata?.name}`, metadata?.resourceVersion ?? ""] as const
      );
      assert.deepEqual(new Map(cached.toSorted()), server.versions());
      assert.deepEqual(new Map([...told].toSorted()), server.versions());
    } finally {
      abort.abort(new Error("the simulation ends"));
      server.hangUp();
    }
    return `${STEPS} steps, ${server.lists} lists, ${server.watches} watches, ${changes} changes`;
  },
};

/** Streams and microtasks get their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
