/** The TLS door: who comes in by which certificate, and who cannot come in beside it. */
import assert from "node:assert/strict";
import * as tls from "node:tls";
import { setImmediate } from "node:timers";
import {
  type Clock,
  FakeClock,
  seededRandom,
  silentLogger,
  systemClock,
} from "../../components/base/mod.ts";
import { openPki, type Pki } from "../../components/pki/mod.ts";
import { Door, type DoorPeer } from "../../components/serving/mod.ts";

/** Some user of the machine who is not this one. */
const NOBODY = 65534;

const clock = systemClock;
const pki = await openPki(undefined, { clock, random: seededRandom(1) });

async function open(
  socketParent: string,
  clock: Clock = systemClock,
): Promise<{ door: Door; peers: DoorPeer[] }> {
  const { key, certificate } = await pki.serving("apiserver", {
    commonName: "kube-apiserver",
    hosts: ["127.0.0.1"],
  });
  const peers: DoorPeer[] = [];
  const door = await Door.open({
    host: "127.0.0.1",
    port: 0,
    credentials: { key, certificate, clientCa: pki.authority.certificate },
    logger: silentLogger,
    clock,
    socketParent,
    handle(_request, peer) {
      peers.push(peer);
      return Promise.resolve(new Response("ok"));
    },
  });
  return { door, peers };
}

/** One request over a connection that stays open until `during` is done. */
async function ask(
  port: number,
  from: Pki | undefined,
  during: () => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const subject = { commonName: "system:admin", organizations: ["system:masters"] };
  const credential = await from?.client("admin", subject);
  const socket = tls.connect({
    port,
    host: "127.0.0.1",
    ca: pki.authority.certificate,
    ALPNProtocols: ["http/1.1"],
    ...(credential === undefined ? {} : { cert: credential.certificate, key: credential.key }),
  });
  try {
    const answer = new Promise<string>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("data", (bytes: Uint8Array) => resolve(new TextDecoder().decode(bytes)));
    });
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const text = await answer;
    await during();
    return text.split("\r\n", 1).join();
  } finally {
    socket.destroy();
  }
}

Deno.test("security: the door tells who a certificate makes, who it does not, and who has none", async () => {
  const parent = await Deno.makeTempDir({ prefix: "door-" });
  const { door, peers } = await open(parent);
  try {
    const stranger = await openPki(undefined, { clock, random: seededRandom(2) });
    for (const from of [pki, stranger, undefined]) {
      assert.equal(await ask(door.port, from), "HTTP/1.1 200 OK");
    }
    const [known, unknown, nobody] = peers;
    assert.ok(known?.certificate !== undefined && known.unverified === undefined);
    assert.ok(unknown?.certificate === undefined && unknown?.unverified === true);
    assert.ok(nobody?.certificate === undefined && nobody?.unverified === undefined);
  } finally {
    await door.close();
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("security: no other user reaches the sockets behind the door", async () => {
  const parent = await Deno.makeTempDir({ prefix: "door-" });
  await Deno.chmod(parent, 0o755);
  const { door } = await open(parent);
  try {
    await ask(door.port, undefined, async () => {
      const [folder] = [...Deno.readDirSync(parent)].map(({ name }) => `${parent}/${name}`);
      assert.ok(folder !== undefined);
      assert.equal((Deno.statSync(folder).mode ?? 0) & 0o777, 0o700);
      if (Deno.uid() !== 0) return;
      const { code } = await new Deno.Command("ls", {
        args: [folder],
        uid: NOBODY,
        gid: NOBODY,
        stdout: "null",
        stderr: "null",
      }).output();
      assert.notEqual(code, 0);
    });
  } finally {
    await door.close();
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("Door leaves a client that does not say the whole head of its first request", async () => {
  const folder = await Deno.makeTempDir();
  const fake = new FakeClock();
  const { door } = await open(folder, fake);
  try {
    const connection = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: door.port,
      caCerts: [pki.authority.certificate],
    });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: a\r\n"));
    while (fake.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await fake.advance(31_999);
    assert.equal(fake.pending, 1);
    await fake.advance(1);
    assert.equal(fake.pending, 0);
    const end = await connection.read(new Uint8Array(1)).catch(() => null);
    assert.equal(end, null);
    connection.close();
  } finally {
    await door.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("security: a client that says half a head of a later request is left as well", async () => {
  const folder = await Deno.makeTempDir();
  const fake = new FakeClock();
  const { door } = await open(folder, fake);
  try {
    const connection = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: door.port,
      caCerts: [pki.authority.certificate],
    });
    const say = (text: string) => connection.write(new TextEncoder().encode(text));
    await say("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const answer = new Uint8Array(1024);
    let text = "";
    while (!text.endsWith("ok")) {
      text += new TextDecoder().decode(answer.subarray(0, await connection.read(answer) ?? 0));
    }
    // Between two requests a client may be as slow as it likes.
    assert.equal(fake.pending, 0);
    await say("GET / HTTP/1.1\r\nhost: a");
    while (fake.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await fake.advance(31_999);
    assert.equal(fake.pending, 1);
    await fake.advance(1);
    assert.equal(fake.pending, 0);
    assert.equal(await connection.read(answer).catch(() => null), null);
    connection.close();
  } finally {
    await door.close();
    await Deno.remove(folder, { recursive: true });
  }
});
