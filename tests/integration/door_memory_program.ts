/**
 * Prints how many bytes of heap each ended connection through the TLS door leaves, over HTTP/1.1 or HTTP/2:
 * `deno run -A --v8-flags=--expose-gc tests/integration/door_memory_program.ts h1|h2`.
 */
import { silentLogger, systemClock, systemRandom } from "../../components/base/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { Door } from "../../components/serving/mod.ts";

const CONNECTIONS = 200;

const http2 = Deno.args[0] === "h2";
const { gc } = globalThis as unknown as { gc(): void };
const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
const { key, certificate } = await pki.serving("door", {
  commonName: "localhost",
  hosts: ["127.0.0.1"],
});
const door = await Door.open({
  host: "127.0.0.1",
  port: 0,
  credentials: { key, certificate, clientCa: pki.authority.certificate },
  logger: silentLogger,
  clock: systemClock,
  handle: () => Promise.resolve(new Response("x")),
});

await connect(CONNECTIONS);
const before = await settledHeap();
await connect(CONNECTIONS);
console.log(Math.round((await settledHeap() - before) / CONNECTIONS));
Deno.exit(0);

async function connect(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const client = Deno.createHttpClient({
      caCerts: [pki.authority.certificate],
      http1: !http2,
      http2,
    });
    const init: RequestInit & { client: Deno.HttpClient } = { client };
    await (await fetch(`https://127.0.0.1:${door.port}/`, init)).text();
    client.close();
  }
}

/** The heap when collecting gives nothing any more: what has just ended takes a few turns to be let go. */
async function settledHeap(): Promise<number> {
  let least = Infinity;
  for (let same = 0; same < 5;) {
    gc();
    const { heapUsed } = Deno.memoryUsage();
    same = heapUsed < least - 1000 ? 0 : same + 1;
    least = Math.min(least, heapUsed);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return least;
}
