import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";
import { lineLogger, type Random } from "../../components/base/mod.ts";
import { type KubeconfigAccess, readKubeconfig } from "../../components/cluster/mod.ts";
import { type Pod, PODS } from "../../components/api/mod.ts";
import { Cluster } from "../../mod.ts";
import { latin1, randomStream, type RawStream } from "./random_stream.ts";
import { badToken, type GoodTokens } from "./random_token.ts";
import { speak } from "./raw_client.ts";
import type { SoakTask } from "./task.ts";

/** In one round; `deno task soak` does as many rounds as there is time for. */
export const STREAMS_A_ROUND = 300;
const TOKENS_A_ROUND = 60;
const PARALLEL = 12;
const PROBLEMS_SHOWN = 10;
/** One that takes longer is a way to hold the server up. */
const SLOW_MILLISECONDS = 10_000;
/** What has been used must be free again within that time. */
const SETTLE_MILLISECONDS = 15_000;
/** File descriptors beyond those at the start: a connection of the round takes four. */
const DESCRIPTORS_MORE = 8;
const HEAP_MORE_BYTES = 64 * 1024 * 1024;

/** What has no network, no streams, or no server behind it answers so, as upstream's server does. */
const KNOWN_500 = /error dialing backend|a hollow/;

interface Server {
  readonly cluster: Cluster;
  readonly access: KubeconfigAccess;
  readonly tokens: GoodTokens;
  /** What reached the process or its log as an error since the last look. */
  readonly errors: string[];
  readonly before: Usage;
  close(): Promise<void>;
}

interface Usage {
  readonly descriptors: number;
  /** Requests that are under way, by the labels of their metric. */
  readonly longRunning: Readonly<Record<string, number>>;
  readonly heapBytes: number;
}

let started: Server | undefined;

/**
 * WebSockets, SPDY, HTTP/1.1 and HTTP/2, right and damaged, and tokens that are none, through the TLS door: everything
 * ends in time, no token is taken, no error reaches the process, and nothing is held once the clients have gone.
 */
export const streamFuzz: SoakTask = {
  name: "damaged streams",
  async run(random) {
    const server = started ??= await start();
    const counts = new Map<string, number>();
    const problems: string[] = [];
    const streams = [
      ...Array.from({ length: STREAMS_A_ROUND }, () => randomStream(random)),
      ...Array.from({ length: TOKENS_A_ROUND }, () => tokenStream(random, server.tokens)),
    ];
    await Promise.all(Array.from({ length: PARALLEL }, async () => {
      for (let stream = streams.pop(); stream !== undefined; stream = streams.pop()) {
        const outcome = await sayOnce(server, stream).catch((error: Error) => {
          problems.push(error.message);
          return "wrong";
        });
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
    }));
    assert.equal(problems.length, 0, problems.slice(0, PROBLEMS_SHOWN).join("\n"));
    await checkServes(server);
    await checkSettled(server);
    const errors = server.errors.splice(0);
    assert.equal(errors.length, 0, errors.slice(0, PROBLEMS_SHOWN).join("\n"));
    return [...counts].sort().map(([outcome, n]) => `${n} × ${outcome}`).join(", ");
  },
  async end() {
    const server = started;
    started = undefined;
    await server?.close();
  },
};

async function sayOnce(server: Server, stream: RawStream): Promise<string> {
  let text: string;
  try {
    text = await speak(server.access, stream, SLOW_MILLISECONDS);
  } catch (error) {
    throw new Error(`${stream.what}: ${(error as Error).message}`);
  }
  if (stream.alpn === "h2") return "HTTP/2";
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1] ?? 0);
  const shown = `${stream.what} was answered ${JSON.stringify(text.slice(0, 1_000))}`;
  if (stream.whole) assert.notEqual(status, 0, shown);
  if (stream.status !== undefined) assert.equal(status, stream.status, shown);
  if (status === 500) assert.match(text, KNOWN_500, shown);
  return status === 0 ? "no answer" : String(status);
}

function tokenStream(random: Random, tokens: GoodTokens): RawStream {
  const token = badToken(random, tokens);
  return {
    ...get("/api/v1/namespaces/default", `authorization: Bearer ${token}\r\n`),
    what: `token ${token}`,
    certified: false,
    status: 401,
  };
}

function get(path: string, headers: string): RawStream {
  return {
    what: `GET ${path}`,
    alpn: "http/1.1",
    head: [latin1(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`)],
    whole: true,
    tail: new Uint8Array(),
    abrupt: false,
    certified: true,
    status: 200,
  };
}

async function checkServes(server: Server): Promise<void> {
  await sayOnce(server, get("/readyz", ""));
  await sayOnce(server, get("/api/v1/namespaces/default/pods/web", ""));
  const good = `authorization: Bearer ${server.tokens.valid}\r\n`;
  await sayOnce(server, { ...get("/api", good), certified: false });
}

/** Waits until connections, long requests and memory are about what they were. */
async function checkSettled(server: Server): Promise<void> {
  const { before } = server;
  const end = performance.now() + SETTLE_MILLISECONDS;
  for (;;) {
    const now = await usage(server.cluster);
    const held: string[] = [];
    for (const [labels, count] of Object.entries(now.longRunning)) {
      const more = count - (before.longRunning[labels] ?? 0);
      if (more > 0) held.push(`${more} × ${labels}`);
    }
    const descriptors = now.descriptors - before.descriptors;
    if (descriptors > DESCRIPTORS_MORE) held.push(`${descriptors} descriptors`);
    const bytes = now.heapBytes - before.heapBytes;
    if (bytes > HEAP_MORE_BYTES) held.push(`${bytes} bytes`);
    if (held.length === 0) return;
    assert.ok(performance.now() < end, `held after all clients have gone: ${held.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

async function usage(cluster: Cluster): Promise<Usage> {
  const metrics = await (await cluster.fetch(new Request("http://127.0.0.1/metrics"))).text();
  const open = metrics.matchAll(/^apiserver_longrunning_requests\{(.*)\} ([0-9.e+]+)$/gm);
  collectGarbage();
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    longRunning: Object.fromEntries([...open].map(([, labels, count]) => [labels, Number(count)])),
    heapBytes: Deno.memoryUsage().heapUsed,
  };
}

async function start(): Promise<Server> {
  const errors: string[] = [];
  const cluster = await Cluster.start({
    nodes: 1,
    runtime: "hollow",
    store: "memory",
    listen: { host: "127.0.0.1", port: 0 },
    logger: lineLogger((line) => void errors.push(line), Date.now, { level: "error" }),
  });
  const unhandled = (event: PromiseRejectionEvent | ErrorEvent) => {
    event.preventDefault();
    const error = "reason" in event ? event.reason : event.error;
    errors.push(error instanceof Error ? error.stack ?? error.message : String(error));
  };
  globalThis.addEventListener("unhandledrejection", unhandled);
  globalThis.addEventListener("error", unhandled);
  const file = await Deno.makeTempFile({ prefix: "coracle-streams-" });
  await Deno.writeTextFile(file, await cluster.kubeconfig());
  const access = await readKubeconfig(file);
  await Deno.remove(file);
  await startPod(cluster);
  const tokens = { valid: await token(cluster), otherAudience: await token(cluster, ["other"]) };
  return {
    cluster,
    access,
    tokens,
    errors,
    before: await usage(cluster),
    async close() {
      await cluster[Symbol.asyncDispose]();
      globalThis.removeEventListener("unhandledrejection", unhandled);
      globalThis.removeEventListener("error", unhandled);
    },
  };
}

async function startPod({ client }: Cluster): Promise<void> {
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { automountServiceAccountToken: false, containers: [{ name: "web", image: "web:1" }] },
  };
  const created = await client.create(PODS, pod);
  const changes = await client.watch(PODS, {
    namespace: "default",
    resourceVersion: created.metadata?.resourceVersion ?? "",
    signal: AbortSignal.timeout(SETTLE_MILLISECONDS),
  });
  for await (const { object } of changes) {
    if ((object as Pod).status?.phase === "Running") return;
  }
}

async function token(cluster: Cluster, audiences?: readonly string[]): Promise<string> {
  const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
  const response = await cluster.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: audiences === undefined ? {} : { audiences },
      }),
    }),
  );
  const answer = await response.json() as { status?: { token?: string } };
  assert.equal(response.status, 201, JSON.stringify(answer));
  return answer.status?.token ?? "";
}
