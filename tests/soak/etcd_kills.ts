import {
  type Random,
  randomInteger,
  sleep,
  systemClock,
  systemRandom,
} from "../../components/base/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { EtcdApiServer } from "../etcd_api_server.ts";
import { EtcdLoad } from "../etcd_load.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";
import type { SoakTask } from "./task.ts";

const MEMBERS = 3;
const WRITERS = 8;
const KILLS_MAXIMUM = 4;
/** What a member that was killed is without, at most. */
const DOWN_MILLISECONDS_MAXIMUM = 1_500;
const ENOUGH_WRITES = 200;

let etcd: EtcdMembers | undefined;

/**
 * Members of an etcd are killed at random moments, one at a time, under API servers that are being written to and
 * watched, and one of which ends without a word: nothing acknowledged is lost, no watch has a gap.
 */
export const etcdKills: SoakTask = {
  name: "kill -9 of etcd's members",
  async run(random) {
    if (!etcdIsThere) return "skipped: no etcd on this machine";
    etcd ??= await EtcdMembers.start({ count: MEMBERS });
    const members = etcd;
    const servers: EtcdApiServer[] = [];
    try {
      const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
      // Each round has a state of its own.
      const prefix = `/round-${systemRandom.uuid()}`;
      for (let i = 1; i <= 3; i++) {
        const endpoints = members.endpoints.map((_, at) => members.endpoints[(at + i) % MEMBERS]!);
        servers.push(await EtcdApiServer.start(`192.0.2.${i}`, pki, { endpoints, prefix }));
      }
      await Promise.all(servers.map(({ server }) => server.ready));
      const load = new EtcdLoad(servers, random);
      let kills = 0;
      await load.during(
        async () => {
          kills = 1 + randomInteger(random, KILLS_MAXIMUM);
          for (let i = 0; i < kills; i++) await killOne(members, random);
          await load.kill(servers[randomInteger(random, servers.length)]!);
        },
        WRITERS,
        ENOUGH_WRITES,
      );
      return `${kills} kills, ${load.acknowledged} writes acknowledged, ${load.unknown} not`;
    } finally {
      for (const server of servers) await server.kill();
    }
  },
  async end() {
    await etcd?.end();
    etcd = undefined;
  },
};

async function killOne(members: EtcdMembers, random: Random): Promise<void> {
  const member = randomInteger(random, MEMBERS);
  await members.kill(member);
  await sleep(systemClock, randomInteger(random, DOWN_MILLISECONDS_MAXIMUM));
  await members.restart(member);
  await sleep(systemClock, randomInteger(random, DOWN_MILLISECONDS_MAXIMUM));
}
