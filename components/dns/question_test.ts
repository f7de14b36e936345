import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import * as packets from "dns-packet";
import { systemClock } from "../base/mod.ts";
import { untilResolved } from "./question.ts";

const NAME = "kubernetes.default.svc.cluster.local";

/** A server that gives these answers, one a question: nothing, garbage, an empty one, or an address. */
function serve(answers: readonly (undefined | "garbage" | "empty" | string)[]) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const run = (async () => {
    for (const answer of answers) {
      const [message, from] = await socket.receive();
      if (answer === undefined) continue;
      const { id = 0, questions = [] } = packets.decode(Buffer.from(message));
      assert.deepEqual(questions.map(({ name, type }) => [name, type]), [[NAME, "A"]]);
      const records = answer === "empty"
        ? []
        : [{ type: "A" as const, name: NAME, ttl: 1, data: answer }];
      const bytes = answer === "garbage"
        ? new Uint8Array([1, 2, 3])
        : packets.encode({ type: "response", id, questions, answers: records });
      await socket.send(bytes, from);
    }
  })();
  return {
    server: { hostname: "127.0.0.1", port: (socket.addr as Deno.NetAddr).port },
    end: async () => {
      await run;
      socket.close();
    },
  };
}

Deno.test("untilResolved() asks until an address comes", async () => {
  const { server, end } = serve([undefined, "garbage", "empty", "10.96.0.1"]);
  const { signal } = new AbortController();
  const found = await untilResolved({ server, name: NAME, clock: systemClock, signal });
  assert.deepEqual(found, ["10.96.0.1"]);
  await end();
});

Deno.test("untilResolved() ends with its signal, also while it waits for an answer", async () => {
  const abort = new AbortController();
  const { server, end } = serve([undefined]);
  const asking = untilResolved({ server, name: NAME, clock: systemClock, signal: abort.signal });
  await end();
  abort.abort(new Error("the node ends"));
  await assert.rejects(asking, /the node ends/);
});
