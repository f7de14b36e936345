import assert from "node:assert/strict";
import { FakeClock } from "../base/mod.ts";
import { type LinkMonitor, SlirpKeeper } from "./slirp_keeper.ts";

/** What a keeper works with, and what it did. */
class World {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  alive = true;
  revived = 0;
  failing = 0;
  monitors = 0;
  say: (line: string) => void = () => {};
  end: () => void = () => {};

  keeper(): SlirpKeeper {
    return new SlirpKeeper({
      monitor: () => this.#monitor(),
      isAlive: () => Promise.resolve(this.alive),
      revive: () => {
        if (this.failing-- > 0) return Promise.reject(new Error("no tap"));
        this.revived++;
        this.alive = true;
        return Promise.resolve();
      },
      clock: this.clock,
      told: (problem) => this.told.push((problem as Error).message),
    });
  }

  #monitor(): LinkMonitor {
    this.monitors++;
    const stream = new ReadableStream<string>({
      start: (controller) => {
        this.say = (line) => controller.enqueue(line);
        this.end = () => controller.close();
      },
    });
    return {
      lines: stream,
      close: () => {
        try {
          this.end();
        } catch {
          // It has ended.
        }
      },
    };
  }
}

const DELETED = "Deleted 3: tap0: <BROADCAST,MULTICAST> mtu 65520 qdisc noop state DOWN";
const DIED = "slirp4netns ended; it is started again";
/** Lets what is under way happen: all of it is promises. */
const settle = async (world: World) => {
  for (let i = 0; i < 50; i++) await world.clock.advance(0);
};

Deno.test("slirp4netns is started again when its device goes", async () => {
  const world = new World();
  const keeper = world.keeper();
  await settle(world);
  assert.deepEqual([world.revived, world.told], [0, []]);
  for (
    const line of [
      "4: tap0: <BROADCAST,UP> mtu 65520 state UP",
      "Deleted 5: cor-1v: <BROADCAST> mtu 65520",
      "Deleted 6: tap01: <BROADCAST> mtu 65520",
    ]
  ) {
    world.alive = false;
    world.say(line);
    await settle(world);
    assert.equal(world.revived, 0, line);
  }
  world.say(DELETED);
  await settle(world);
  assert.deepEqual([world.revived, world.told], [1, [DIED]]);
  keeper.close();
});

Deno.test("a device that goes while it lives is nobody's death", async () => {
  const world = new World();
  const keeper = world.keeper();
  world.say(DELETED);
  await settle(world);
  assert.equal(world.revived, 0);
  keeper.close();
});

Deno.test("one that had ended before anybody listened is started at once, and tried again", async () => {
  const world = new World();
  world.alive = false;
  world.failing = 2;
  const keeper = world.keeper();
  await settle(world);
  assert.deepEqual([world.revived, world.told], [0, [DIED, "no tap"]]);
  for (const _ of [1, 2]) {
    await world.clock.advance(2_000);
    await settle(world);
  }
  assert.deepEqual([world.revived, world.told], [1, [DIED, "no tap", "no tap"]]);
  keeper.close();
});

Deno.test("a monitor that ends is replaced; a closed keeper does nothing more", async () => {
  const world = new World();
  const keeper = world.keeper();
  await settle(world);
  world.end();
  await settle(world);
  await world.clock.advance(1_000);
  await settle(world);
  assert.equal(world.monitors, 2);
  keeper.close();
  world.alive = false;
  await settle(world);
  await world.clock.advance(60_000);
  await settle(world);
  assert.deepEqual([world.monitors, world.revived], [2, 0]);
});
