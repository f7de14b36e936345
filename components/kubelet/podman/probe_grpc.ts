import * as http2 from "node:http2";
import type { Clock } from "../../base/mod.ts";
import type { ProbeRequest, ProbeResult } from "../runtime.ts";
import { address } from "./probe.ts";

const ANSWER_MAXIMUM_BYTES = 64 * 1024;
const FRAME_HEAD_BYTES = 5;
const SERVING = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const UNIMPLEMENTED = "12";

/** Asks `grpc.health.v1.Health/Check` over HTTP/2 without TLS. */
export async function probeGrpc(request: ProbeRequest, clock: Clock): Promise<ProbeResult> {
  const { host, port, timeoutMilliseconds } = request;
  const target = address(host, port);
  const session = http2.connect(`http://${target}`);
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const fail = (output: string) => resolve({ ok: false, output });
  const timer = clock.after(
    timeoutMilliseconds,
    () =>
      fail(
        `timeout: failed to connect service "${target}" within ${timeoutMilliseconds / 1000}s: ` +
          "context deadline exceeded",
      ),
  );
  session.on("error", () => {
    fail(`error: failed to connect service at "${target}": connection refused`);
  });
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      "user-agent": "kube-probe/1.36",
      te: "trailers",
    });
    let answer = new Uint8Array(0), status: string | undefined, message = "";
    const look = (headers: http2.IncomingHttpHeaders) => {
      if (headers["grpc-status"] !== undefined) status = String(headers["grpc-status"]);
      if (headers["grpc-message"] !== undefined) message = String(headers["grpc-message"]);
    };
    stream.on("response", look);
    stream.on("trailers", look);
    stream.on("error", () => fail(`error: health rpc failed: the stream to "${target}" broke`));
    stream.on("data", (chunk: Uint8Array) => {
      if (answer.length + chunk.length > ANSWER_MAXIMUM_BYTES) return stream.close();
      const joined = new Uint8Array(answer.length + chunk.length);
      joined.set(answer);
      joined.set(chunk, answer.length);
      answer = joined;
    });
    stream.on("end", () => {
      if (status === UNIMPLEMENTED) {
        return fail(
          "error: this server does not implement the grpc health protocol " +
            `(grpc.health.v1.Health): ${decodeURIComponent(message)}`,
        );
      }
      if (status !== "0") return fail(`error: health rpc failed: ${message || `code ${status}`}`);
      const serving = SERVING[servingStatus(answer)] ?? "UNKNOWN";
      if (serving === "SERVING") return resolve({ ok: true, output: "service healthy" });
      fail(`service unhealthy (responded with "${serving}")`);
    });
    stream.end(checkRequest(request.service ?? ""));
    return await promise;
  } finally {
    timer.cancel();
    session.destroy();
  }
}

/** A framed HealthCheckRequest: field 1 is the service's name. Pure. */
export function checkRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const message = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name];
  const frame = new Uint8Array(FRAME_HEAD_BYTES + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, FRAME_HEAD_BYTES);
  return frame;
}

/** Field 1 of a framed HealthCheckResponse; absent is 0. Pure. */
export function servingStatus(frame: Uint8Array): number {
  return frame[FRAME_HEAD_BYTES] === 0x08 ? frame[FRAME_HEAD_BYTES + 1] ?? 0 : 0;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value;; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push(rest & 0x7f | 0x80);
  }
}
