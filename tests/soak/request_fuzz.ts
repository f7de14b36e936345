import assert from "node:assert/strict";
import type { Random } from "../../components/base/mod.ts";
import { Cluster } from "../../mod.ts";
import { patience } from "../patience.ts";
import { randomRequest } from "./random_request.ts";
import type { SoakTask } from "./task.ts";

/** In one round; `deno task soak` does as many rounds as there is time for. */
export const REQUESTS_A_ROUND = 2_000;
/** One that takes longer is a way to stop the server. */
const SLOW_MILLISECONDS = 5_000;
const PARALLEL = 16;

/** What upstream answers 500 to as well. */
const KNOWN_500 = [
  "resourceVersion should not be set on objects to be created",
  "requested groups, uid or extra without impersonating a user",
  "without impersonating a user",
  "failed to create typed patch object",
  "unknown patch type: ",
  "no preferred addresses found; known addresses: []",
];

let cluster: Cluster | undefined;

/**
 * Requests of every kind, nearly right or damaged: none ends in a 500 or without an end, and whatever is refused is
 * told by a `Status`.
 */
export const requestFuzz: SoakTask = {
  name: "damaged requests",
  async run(random) {
    cluster ??= await Cluster.start({ nodes: 1, runtime: "hollow", store: "memory" });
    const counts = new Map<number, number>();
    let left = REQUESTS_A_ROUND;
    const server = cluster;
    await Promise.all(Array.from({ length: PARALLEL }, async () => {
      while (left-- > 0) {
        const code = await askOnce(server, random);
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    }));
    const codes = [...counts].sort(([a], [b]) => a - b).map(([code, n]) => `${n} × ${code}`);
    return codes.join(", ");
  },
  async end() {
    await cluster?.[Symbol.asyncDispose]();
    cluster = undefined;
  },
};

async function askOnce(server: Cluster, random: Random): Promise<number> {
  const request = randomRequest(random);
  const shown = await describe(request);
  const abort = new AbortController();
  const { late, end } = patience(SLOW_MILLISECONDS, () => `no answer to ${shown}`);
  try {
    const response = await Promise.race([
      server.fetch(new Request(request, { signal: abort.signal })),
      late,
    ]);
    if (response.status < 400) {
      // A watch or a log goes on for as long as somebody reads it.
      await response.body?.cancel();
      return response.status;
    }
    const text = await Promise.race([response.text(), late]);
    checkRefusal(response, text, request, shown);
    return response.status;
  } finally {
    end();
    abort.abort();
  }
}

function checkRefusal(response: Response, text: string, request: Request, shown: string): void {
  const { status } = response;
  if (status === 500 && request.method !== "HEAD") {
    assert.ok(KNOWN_500.some((known) => text.includes(known)), `${shown}: 500 ${text}`);
  }
  const type = response.headers.get("content-type") ?? "";
  if (request.method === "HEAD" || !type.startsWith("application/json")) return;
  const answer = JSON.parse(text) as { kind?: string; code?: number; message?: string };
  assert.equal(answer.kind, "Status", `${shown}: ${status} ${text}`);
  assert.equal(answer.code, status, `${shown}: ${text}`);
}

async function describe(request: Request): Promise<string> {
  const body = request.body === null
    ? ""
    : JSON.stringify((await request.clone().text()).slice(0, 1_500));
  const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`).join("; ");
  return `${request.method} ${request.url.slice(0, 500)} [${headers}] ${body}`;
}
