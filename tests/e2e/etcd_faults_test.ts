/** An etcd of three members and the API servers on it, while some of them are killed. */
import assert from "node:assert/strict";
import {
  seededRandom,
  silentLogger,
  systemClock,
  systemRandom,
} from "../../components/base/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { EtcdClient } from "../../components/storage/etcd/etcd_client.ts";
import { CutLine } from "../cut_line.ts";
import { EtcdApiServer } from "../etcd_api_server.ts";
import { EtcdLoad } from "../etcd_load.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";

const WRITERS = 16;

if (etcdIsThere) {
  Deno.test("no acknowledged write is lost and no watch has a gap when members and servers are killed", async () => {
    const etcd = await EtcdMembers.start({ count: 3 });
    const servers: EtcdApiServer[] = [];
    try {
      const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
      for (const i of [1, 2, 3]) {
        // Each begins with another member.
        const endpoints = etcd.endpoints.map((_, at) => etcd.endpoints[(at + i) % 3] as string);
        servers.push(await EtcdApiServer.start(`192.0.2.${i}`, pki, { endpoints }));
      }
      await Promise.all(servers.map(({ server }) => server.ready));
      const load = new EtcdLoad(servers, seededRandom(1));
      await load.during(
        async () => {
          const leader = await leaderOf(etcd);
          await etcd.kill(leader);
          await newLeader(etcd, leader);
          await etcd.restart(leader);
        },
        WRITERS,
        300,
      );
      await load.during(
        async () => {
          await etcd.kill((await leaderOf(etcd) + 1) % 3);
          await load.kill(servers[2] as EtcdApiServer);
        },
        WRITERS,
        300,
      );
      console.log(`      ${load.acknowledged} writes acknowledged, ${load.unknown} not`);
    } finally {
      for (const server of servers) await server.kill();
      await etcd.end();
    }
  });
}

if (etcdIsThere) {
  Deno.test("a connection to etcd that is dead and does not know it is left for another", async () => {
    const etcd = await EtcdMembers.start();
    const port = Number(new URL(etcd.endpoints[0] ?? "").port);
    const lines = [await CutLine.to(port), await CutLine.to(port)];
    const servers: EtcdApiServer[] = [];
    try {
      const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
      // So that it is the first that is used.
      lines[1]?.cut();
      const [one, two] = await Promise.all([
        EtcdApiServer.start("192.0.2.1", pki, etcd),
        EtcdApiServer.start("192.0.2.2", pki, {
          endpoints: lines.map((line) => `http://127.0.0.1:${line.port}`),
        }),
      ]);
      servers.push(one, two);
      await Promise.all(servers.map(({ server }) => server.ready));
      const path = "/api/v1/namespaces/default/configmaps";
      lines[1]?.mend();
      lines[0]?.freeze();
      assert.equal((await one.send("POST", path, { metadata: { name: "other" } })).code, 201);
      // In time for whoever asks, and with what was acknowledged meanwhile.
      let read = await two.send("GET", `${path}/other`);
      if (read.code === 504) read = await two.send("GET", `${path}/other`);
      assert.equal(read.code, 200, JSON.stringify(read.body));
      assert.equal((await two.send("POST", path, { metadata: { name: "own" } })).code, 201);
    } finally {
      for (const server of servers) await server.kill();
      for (const line of lines) await line.end();
      await etcd.end();
    }
  });
}

async function leaderOf(etcd: EtcdMembers): Promise<number> {
  for (;;) {
    const client = new EtcdClient({
      endpoints: etcd.endpoints.map((url) => new URL(url)),
      clock: systemClock,
      logger: silentLogger,
    });
    try {
      await client.range({ key: new Uint8Array([1]), end: new Uint8Array(), limit: 1 });
      const statuses = await client.statuses();
      const leader = statuses.findIndex((status) =>
        status !== undefined && status.leader === status.member
      );
      if (leader >= 0) return leader;
    } finally {
      client.close();
    }
  }
}

async function newLeader(etcd: EtcdMembers, old: number): Promise<void> {
  assert.notEqual(await leaderOf(etcd), old);
}
